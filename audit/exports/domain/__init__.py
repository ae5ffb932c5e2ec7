"""The form of a bundle: what stands for the entries that are not shipped, and files that are the same to the byte."""
