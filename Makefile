# The same verbs as ./watchbell, for people who type make.
.PHONY: demo test lint format bench
demo:
	./watchbell demo
test:
	./watchbell test
lint:
	./watchbell test lint contracts types
format:
	./watchbell test format
bench:
	./watchbell bench all
