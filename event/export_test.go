package event

import "strings"

// A VendorWord is an entry of vendorWords.
type VendorWord struct {
	Vendor, Word string
	Type         Type
}

// VendorWords returns vendorWords.
func VendorWords() (all []VendorWord) {
	for _, w := range vendorWords {
		for word := range strings.FieldsSeq(w.words) {
			all = append(all, VendorWord{w.vendor, word, w.typ})
		}
	}
	return all
}
