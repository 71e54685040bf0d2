package loginradius

import "github.com/accesshook/accesshook/event"

// How and where a customer can be reached. All of it is personal data.

// An Email is an address of a customer. LoginRadius's API examples also write
// its names in lower case.
type Email struct {
	Type  string `json:"Type,omitzero"` // "Primary", "Secondary", "secondary1" … in any letter case
	Value string `json:"Value,omitzero" accesshook:"scalar"`
}

// A Phone is a phone number in a profile. It is not in E.164, unlike
// Profile.PhoneID.
type Phone struct {
	PhoneType   string `json:"PhoneType,omitzero"`
	PhoneNumber string `json:"PhoneNumber,omitzero" accesshook:"scalar"`
}

// An IMAccount is an account for instant messages.
type IMAccount struct {
	AccountType string `json:"AccountType,omitzero"`
	AccountName string `json:"AccountName,omitzero"`
}

// An Address is a postal address.
type Address struct {
	Type       string `json:"Type,omitzero"`
	Address1   string `json:"Address1,omitzero"`
	Address2   string `json:"Address2,omitzero"`
	City       string `json:"City,omitzero"`
	State      string `json:"State,omitzero"`
	PostalCode string `json:"PostalCode,omitzero"`
	Region     string `json:"Region,omitzero"`
	Country    string `json:"Country,omitzero"`
}

// A Country is where a customer says to live.
type Country struct {
	Code string `json:"Code,omitzero"` // such as "CA"
	Name string `json:"Name,omitzero" accesshook:"scalar"`
}

// A PlaceLived is a place where a customer has lived.
type PlaceLived struct {
	Name      string     `json:"Name,omitzero"`
	IsPrimary event.Text `json:"IsPrimary,omitzero"` // "true" or "True"
}

// A Relative is a member of a customer's family.
type Relative struct {
	ID           string `json:"Id,omitzero"`
	Name         string `json:"Name,omitzero"`
	Relationship string `json:"Relationship,omitzero"`
}

// A MutualFriend is a person known to the customer.
type MutualFriend struct {
	ID        string `json:"Id,omitzero"`
	Name      string `json:"Name,omitzero"`
	FirstName string `json:"FirstName,omitzero"`
	LastName  string `json:"LastName,omitzero"`
	Birthday  string `json:"Birthday,omitzero"`
	Hometown  string `json:"Hometown,omitzero"`
	Link      string `json:"Link,omitzero"`
	Gender    string `json:"Gender,omitzero"`
}

// A RelatedProfileView is a profile whose viewers also viewed the customer's.
type RelatedProfileView struct {
	ID        string `json:"Id,omitzero"`
	FirstName string `json:"FirstName,omitzero"`
	LastName  string `json:"LastName,omitzero"`
}

// An AgeRange is what a provider tells instead of an age, in years.
type AgeRange struct {
	Min event.Text `json:"Min,omitzero"`
	Max event.Text `json:"Max,omitzero"`
}

// A MemberURL is a page that a customer names.
type MemberURL struct {
	URL     string `json:"Url,omitzero"`
	URLName string `json:"UrlName,omitzero"`
}
