package loginradius

import "github.com/accesshook/accesshook/event"

// What social networks know about a customer's likings.

// A Named is a thing or a person with a name and an ID of the provider's.
type Named struct {
	ID   string `json:"Id,omitzero"`
	Name string `json:"Name,omitzero"`
}

// A Status is what a customer has let others know.
type Status struct {
	ID          string `json:"Id,omitzero"`
	Text        string `json:"Text,omitzero"`
	Source      string `json:"Source,omitzero"`
	CreatedDate string `json:"CreatedDate,omitzero"`
}

// An Interest is a subject that interests a customer.
type Interest struct {
	InterestedType string `json:"InterestedType,omitzero"`
	InterestedName string `json:"InterestedName,omitzero"`
}

// A Work is a game, television show, movie or book.
type Work struct {
	ID          string `json:"Id,omitzero"`
	Name        string `json:"Name,omitzero"`
	Category    string `json:"Category,omitzero"`
	CreatedDate string `json:"CreatedDate,omitzero"`
}

// A FavoriteThing is anything else that a customer likes.
type FavoriteThing struct {
	ID   string `json:"Id,omitzero"`
	Name string `json:"Name,omitzero"`
	Type string `json:"Type,omitzero"`
}

// A KloutScore was a measure of influence.
type KloutScore struct {
	KloutID string     `json:"KloutId,omitzero"`
	Score   event.Text `json:"Score,omitzero"` // a decimal number
}

// A Badge is one that a customer has got at a provider.
type Badge struct {
	BadgeID      string `json:"BadgeId,omitzero"`
	Name         string `json:"Name,omitzero"`
	BadgeMessage string `json:"BadgeMessage,omitzero"`
	Description  string `json:"Description,omitzero"`
	ImageURL     string `json:"ImageUrl,omitzero"`
}

// Suggestions are what a provider suggests to a customer.
type Suggestions struct {
	CompaniesToFollow   []Named `json:"CompaniestoFollow,omitzero"`
	IndustriesToFollow  []Named `json:"IndustriestoFollow,omitzero"`
	NewsSourcesToFollow []Named `json:"NewssourcetoFollow,omitzero"`
	PeopleToFollow      []Named `json:"PeopletoFollow,omitzero"`
}

// A Subscription is a customer's plan at a host of source code. Its numbers are
// sent as strings.
type Subscription struct {
	Name          string     `json:"Name,omitzero"`
	Space         event.Text `json:"Space,omitzero"` // bytes
	PrivateRepos  event.Text `json:"PrivateRepos,omitzero"`
	Collaborators event.Text `json:"Collaborators,omitzero"`
}
