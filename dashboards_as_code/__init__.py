"""Dashboards as code: definitions in dashboards/, made into Lakeview files and into a local preview.

`definition` reads and validates them, `tile_query` the SQL of a tile, `lakeview` writes `.lvdash.json`,
`check` runs every query and holds its columns to what the tiles use, `preview` makes web pages of the same
definitions, and `browser` looks at them.
"""
