"""What the connectors of continuous integration share: reading, proving, names of steps, outcomes, tests by tag."""
