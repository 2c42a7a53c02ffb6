"""The contract's messages, generated from proto/sgpsam/v1 while the package is built."""
