package terminal

// A layout is how many columns each cell of a line takes. Cells of 0 are left out. The
// outcome takes what is left.
type layout struct {
	time, vendor, what, who, where, from int
	place                                int // where and from in one
	gap                                  int // after what, and after each cell that follows
}

const (
	timeWidth   = len("15:04:05")
	vendorWidth = len("loginradius")
	whatWidth   = len("password changed")
	fromWidth   = len("255.255.255.255 NO")
	ipv6Extra   = 21 // what the longest IPv6 address needs beyond fromWidth
)

// layoutFor returns the layout of a line of width columns. Columns above those that a
// layout needs are shared: a quarter each.
func layoutFor(width int) layout {
	share := func(needed int) int { return (width - needed) / 4 }
	l := layout{time: timeWidth, vendor: vendorWidth, what: whatWidth, gap: 1}
	switch {
	case width >= 119:
		more := share(119)
		l.who, l.where, l.from = 16+more, 18+more, fromWidth+min(more, ipv6Extra)
		l.gap = 2
	case width >= 99:
		more := share(99)
		l.who, l.where, l.from = 15+more, 14+more, fromWidth
	case width >= 79:
		more := share(79)
		l.who, l.place = 14+more, 19+2*more
	case width >= 59:
		l.who = 12 + share(59)
	case width >= 39:
		l.vendor, l.what, l.who = 0, 14, 8+share(39)
	default:
		l = layout{what: min(whatWidth, max(width-len(" FAILED"), 0)), gap: 1}
	}
	return l
}

// A row is a line that is being written, cell by cell.
type row struct {
	b     []byte
	color bool
	left  int // columns
	blank int // spaces before the next cell, so that no line ends with any
}

// cell writes s in width columns, or fewer if no more are left, and gap spaces.
func (r *row) cell(sgr, s string, width, gap int) {
	if width = min(width, r.left); width <= 0 {
		return
	}
	r.left -= width + gap
	if s == "" {
		r.blank += width + gap
		return
	}
	for range r.blank {
		r.b = append(r.b, ' ')
	}
	if !r.color {
		sgr = ""
	}
	r.b = appendSGR(r.b, sgr)
	var used int
	r.b, used = appendCut(r.b, s, width)
	if sgr != "" {
		r.b = appendSGR(r.b, "0")
	}
	r.blank = width - used + gap
}

// appendSGR appends the escape sequence that sets colours.
func appendSGR(b []byte, sgr string) []byte {
	if sgr == "" {
		return b
	}
	return append(append(append(b, "\x1b["...), sgr...), 'm')
}
