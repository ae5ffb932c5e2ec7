"""Amazon S3: files of predictions and labels below a prefix of a bucket."""
