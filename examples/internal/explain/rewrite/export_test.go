package rewrite

// How many there are of each.
const (
	LayoutCount = int(layouts)
	StringCount = int(stringStyles)
	NumberCount = int(numberStyles)
)
