"""Everything that talks to a venue, real or observed; adapters translate and never decide."""
