# lua/sync/linking.lua
# what a person said stays alone is looked for again
s/^  link.base.stays = "answered"//
