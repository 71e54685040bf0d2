package timestamp

import "time"

// local returns the moment at which clocks of the Format's zone show what wall, in
// UTC, shows. See [Ambiguous] for those that show it twice or never.
func (f *Format) local(wall time.Time) (time.Time, Status) {
	if f.Zone == nil || f.Zone == time.UTC {
		return wall, Read
	}
	year, month, day := wall.Date()
	hour, minute, second := wall.Clock()
	t := time.Date(year, month, day, hour, minute, second, wall.Nanosecond(), f.Zone)
	// If the clocks were changed near t, that is where the offset of t begins or ends.
	start, end := t.ZoneBounds()
	for _, change := range [...]time.Time{start, end} {
		if change.IsZero() {
			continue
		}
		shown := wall.Unix() - change.Unix()
		if shown <= -secondsADay || shown >= secondsADay {
			continue // further than any offset
		}
		_, before := change.Add(-time.Second).Zone()
		_, after := change.Zone()
		if shown >= int64(min(before, after)) && shown < int64(max(before, after)) {
			return wall.Add(-time.Duration(before) * time.Second).In(f.Zone), Ambiguous
		}
	}
	return t, Read
}
