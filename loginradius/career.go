package loginradius

import "github.com/accesshook/accesshook/event"

// What social login providers know about a customer's work and education. Dates
// are in formats of the provider's own.

// A Position is a job that a customer has or had.
type Position struct {
	Position  string     `json:"Position,omitzero"`
	Summary   string     `json:"Summary,omitzero"`
	StartDate string     `json:"StartDate,omitzero"` // such as "10/2016"
	EndDate   string     `json:"EndDate,omitzero"`
	IsCurrent event.Text `json:"IsCurrent,omitzero"` // "true" or "True"
	Location  string     `json:"Location,omitzero"`
	Company   Company    `json:"Company,omitzero"`
}

// A Company is where a customer works or worked.
type Company struct {
	Name     string `json:"Name,omitzero"`
	Type     string `json:"Type,omitzero"`
	Industry string `json:"Industry,omitzero"`
}

// An Education is a school that a customer attends or attended. The letter case
// of its members is LoginRadius's.
type Education struct {
	School       string     `json:"School,omitzero"`
	Year         event.Text `json:"year,omitzero"`
	Type         string     `json:"type,omitzero"`
	Notes        string     `json:"notes,omitzero"`
	Activities   string     `json:"activities,omitzero"`
	Degree       string     `json:"degree,omitzero"`
	FieldOfStudy string     `json:"fieldofstudy,omitzero"`
	StartDate    string     `json:"StartDate,omitzero"`
	EndDate      string     `json:"EndDate,omitzero"`
}

// A Recommendation is what somebody says about a customer.
type Recommendation struct {
	ID                 string `json:"Id,omitzero"`
	RecommendationType string `json:"RecommendationType,omitzero"`
	RecommendationText string `json:"RecommendationText,omitzero"`
	Recommender        string `json:"Recommender,omitzero"`
}

// An Award is one that a customer has got.
type Award struct {
	ID     string `json:"Id,omitzero"`
	Name   string `json:"Name,omitzero"`
	Issuer string `json:"Issuer,omitzero"`
}

// A Certification is one that a customer has got.
type Certification struct {
	ID        string `json:"Id,omitzero"`
	Name      string `json:"Name,omitzero"`
	Authority string `json:"Authority,omitzero"`
	Number    string `json:"Number,omitzero"`
	StartDate string `json:"StartDate,omitzero"`
	EndDate   string `json:"EndDate,omitzero"`
}

// A Course is one that a customer has attended.
type Course struct {
	ID     string `json:"Id,omitzero"`
	Name   string `json:"Name,omitzero"`
	Number string `json:"Number,omitzero"`
}

// A Volunteer is a voluntary work of a customer.
type Volunteer struct {
	ID           string `json:"Id,omitzero"`
	Role         string `json:"Role,omitzero"`
	Organization string `json:"Organization,omitzero"`
	Cause        string `json:"Cause,omitzero"`
}

// A Language is one that a customer speaks.
type Language struct {
	ID          string `json:"Id,omitzero"`
	Name        string `json:"Name,omitzero"`
	Proficiency string `json:"Proficiency,omitzero"`
}

// A Project is one that a customer has worked on.
type Project struct {
	ID        string     `json:"Id,omitzero"`
	Name      string     `json:"Name,omitzero"`
	Summary   string     `json:"Summary,omitzero"`
	With      []Named    `json:"With,omitzero"` // people
	StartDate string     `json:"StartDate,omitzero"`
	EndDate   string     `json:"EndDate,omitzero"`
	IsCurrent event.Text `json:"IsCurrent,omitzero"` // "true" or "True"
}

// A Patent is one that a customer holds.
type Patent struct {
	ID    string `json:"Id,omitzero"`
	Title string `json:"Title,omitzero"`
	Date  string `json:"Date,omitzero"`
}

// A Publication is one of a customer's.
type Publication struct {
	ID        string  `json:"Id,omitzero"`
	Title     string  `json:"Title,omitzero"`
	Publisher string  `json:"Publisher,omitzero"`
	Authors   []Named `json:"Authors,omitzero"`
	Date      string  `json:"Date,omitzero"`
	URL       string  `json:"Url,omitzero"`
	Summary   string  `json:"Summary,omitzero"`
}

// A JobBookmark is an offer that a customer has marked.
type JobBookmark struct {
	IsApplied      event.Text `json:"IsApplied,omitzero"` // "true" or "True"
	ApplyTimestamp string     `json:"ApplyTimestamp,omitzero"`
	IsSaved        event.Text `json:"IsSaved,omitzero"` // "true" or "True"
	SavedTimestamp string     `json:"SavedTimestamp,omitzero"`
	Job            Job        `json:"Job,omitzero"`
}

// A Job is what a [JobBookmark] leads to.
type Job struct {
	ID                 string     `json:"Id,omitzero"`
	Active             event.Text `json:"Active,omitzero"` // "true" or "True"
	DescriptionSnippet string     `json:"DescriptionSnippet,omitzero"`
	Company            Named      `json:"Company,omitzero"`
	Position           struct {
		Title string `json:"Title,omitzero"`
	} `json:"Position,omitzero"`
	PostingTimestamp string `json:"PostingTimestamp,omitzero"`
}
