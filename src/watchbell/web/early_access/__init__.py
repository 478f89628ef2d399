"""The pages of early access: a lab's own terms, an evaluator's desk, and nobody else's business."""
