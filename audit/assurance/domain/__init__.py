"""What witnesses sign, and where two logs part: values in, values out."""
