package terminal

import (
	"io"
	"slices"
	"strings"
)

// Table writes rows below a header, in columns that fit a terminal of width columns: the
// widest are cut first. Columns of numbers are flush right. Text is written as visible
// text. Without rows Table writes nothing. Each row has as many cells as the header.
func Table(w io.Writer, width int, header []string, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	const gap = 2
	widths := make([]int, len(header))
	numbers := make([]bool, len(header))
	left := width - 1 - gap*(len(header)-1)
	for i := range header {
		_, widths[i] = cut(header[i], width)
		numbers[i] = true
		for _, cells := range rows {
			_, n := cut(cells[i], width)
			widths[i] = max(widths[i], n)
			numbers[i] = numbers[i] && strings.Trim(cells[i], "0123456789") == ""
		}
		left -= widths[i]
	}
	for ; left < 0; left++ {
		widest := slices.Index(widths, slices.Max(widths))
		widths[widest] = max(widths[widest]-1, 1)
	}
	var b []byte
	for _, cells := range append([][]string{header}, rows...) {
		r := &row{b: b, left: width - 1}
		for i, s := range cells {
			if numbers[i] {
				_, n := cut(s, widths[i])
				s = strings.Repeat(" ", widths[i]-n) + s
			}
			r.cell("", s, widths[i], gap)
		}
		b = append(r.b, '\n')
	}
	_, err := w.Write(b)
	return err
}
