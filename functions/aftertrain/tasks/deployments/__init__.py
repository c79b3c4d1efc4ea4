"""What the steps that change a deployment have in common: a wish, the record of it, and a roll-out that fulfils it."""
