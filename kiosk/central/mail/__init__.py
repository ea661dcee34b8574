"""Letters: their wording in each language, and how they are sent."""
