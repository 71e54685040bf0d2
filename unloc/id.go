package unloc

// maxID bounds an ID, which becomes a key in stores and a line in logs.
const maxID = 128

// usableID reports whether Unloc's id may serve as Event.ID. What it says is frozen: an
// event that was stored under one ID must not come back under another.
func usableID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for i := range len(id) {
		if !idChars[id[i]] {
			return false
		}
	}
	return true
}

// idChars has the letters, digits, dot, hyphen and underscore of ASCII.
var idChars = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") {
		set[c] = true
	}
	return set
}()
