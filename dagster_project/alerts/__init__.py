"""One message a night to whoever is to hear of trouble, and none when nothing changed.

`observe` looks at what the last night left, `troubles` says what of it is wrong, `memory` decides
whether that is news, `message` puts it into words, `receivers` into the bodies of the services,
`send` delivers, and `tell` does all of it.
"""
