package page

// A ring has the newest lines, limited in number and in bytes. Lines are numbered from
// 1 in the order of push. It is not safe for concurrent use.
type ring struct {
	lines       [][]byte // line n is at n % len(lines)
	first, next uint64   // numbers of the oldest line and of the one to come
	bytes, max  int
}

func newRing(lines, bytes int) ring {
	return ring{lines: make([][]byte, lines), first: 1, next: 1, max: bytes}
}

// push adds a line and forgets the oldest ones that no longer fit. A line that is larger
// than the whole ring is forgotten at once.
func (r *ring) push(line []byte) {
	if r.next-r.first == uint64(len(r.lines)) {
		r.drop()
	}
	r.lines[r.next%uint64(len(r.lines))] = line
	r.next++
	r.bytes += len(line)
	for r.bytes > r.max {
		r.drop()
	}
}

func (r *ring) drop() {
	slot := &r.lines[r.first%uint64(len(r.lines))]
	r.bytes -= len(*slot)
	*slot = nil
	r.first++
}

// read appends lines from number n on to dst: at most cap(dst) of them, and none after
// limit bytes are exceeded. It returns the number of the first line that it appended, which is larger
// than n if the ring has forgotten lines in between.
func (r *ring) read(dst [][]byte, n uint64, limit int) (lines [][]byte, from uint64) {
	from = max(n, r.first)
	for n := from; n < r.next && len(dst) < cap(dst) && limit > 0; n++ {
		line := r.lines[n%uint64(len(r.lines))]
		dst = append(dst, line)
		limit -= len(line)
	}
	return dst, from
}
