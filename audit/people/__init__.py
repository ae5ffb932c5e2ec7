"""Who acts here: users, teams, the roles they hold, their tokens."""
