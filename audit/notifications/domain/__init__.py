"""When something is sent, and in which words: values in, values out."""
