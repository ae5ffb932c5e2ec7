"""The lake: raw bills, prediction logs, data and artefacts, stored once under the digest of their content."""
