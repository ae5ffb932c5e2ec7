"""What each figure of monitoring means and how it is worked out: values in, values out."""
