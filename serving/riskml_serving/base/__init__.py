"""Settings, the day, problems, limits, the contract as JSON and the database: what every other wing builds on."""
