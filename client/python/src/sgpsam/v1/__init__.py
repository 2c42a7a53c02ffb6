"""The contract's messages, made from proto/sgpsam/v1 by generate.sh."""
