module example.com/portal // the ward's own

go 1.21

toolchain go1.22.3

require (
	example.com/Ledger v1.2.3
	example.com/gate v0.0.0-20230101000000-0123456789ab // indirect
	example.com/pump v2.0.0+incompatible
	"example.com/quoted" v1.0.0
)

require example.com/local v1.0.0

replace example.com/local => ../local

replace (
	example.com/pump v2.0.0+incompatible => example.com/fork/pump v2.0.1+incompatible
	example.com/gate v9.9.9 => example.com/never v1.0.0
)

exclude example.com/old v1.0.0

retract [v0.1.0, v0.2.0]
