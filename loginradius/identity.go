package loginradius

import (
	"time"

	"github.com/accesshook/accesshook/event"
)

// An Identity is what one login provider knows about a customer: part of every
// [Profile], and each of the social logins linked to it. Most of it comes from
// the provider as it is, in formats of the provider's own.
//
// Fields marked PII are personal data.
type Identity struct {
	ID       string `json:"ID,omitzero"`       // the provider's; the Uid for a registration by e-mail
	Provider string `json:"Provider,omitzero"` // "Email", "RAAS" (the older name of it), "google", "github" …
	LRUserID string `json:"LRUserID,omitzero"`
	// ProviderAccessCredential is a working credential for the customer's account
	// at the provider.
	ProviderAccessCredential ProviderAccessCredential `json:"ProviderAccessCredential,omitzero"`
	// PreviousUIDs are accounts that have been merged into this one.
	PreviousUIDs []string `json:"PreviousUids,omitzero"`

	// Times by LoginRadius's clock.

	SignupDate          time.Time `json:"SignupDate,omitzero"`
	LastLoginDate       time.Time `json:"LastLoginDate,omitzero"`
	CreatedDate         time.Time `json:"CreatedDate,omitzero"`
	ModifiedDate        time.Time `json:"ModifiedDate,omitzero"`
	ProfileModifiedDate time.Time `json:"ProfileModifiedDate,omitzero"`
	FirstLogin          bool      `json:"FirstLogin,omitzero"`

	// Created and UpdatedTime are the provider's: "11/19/2018 00:58:02",
	// "5/20/2008 12:33:35 AM +00:00" and others.

	Created     string `json:"Created,omitzero"`
	UpdatedTime string `json:"UpdatedTime,omitzero"`

	// Names.

	Prefix      string `json:"Prefix,omitzero"`
	FirstName   string `json:"FirstName,omitzero"`  // PII
	MiddleName  string `json:"MiddleName,omitzero"` // PII
	LastName    string `json:"LastName,omitzero"`   // PII
	Suffix      string `json:"Suffix,omitzero"`
	FullName    string `json:"FullName,omitzero"`    // PII
	NickName    string `json:"NickName,omitzero"`    // PII
	ProfileName string `json:"ProfileName,omitzero"` // PII

	// Ways to reach the customer.

	Email        []Email     `json:"Email,omitzero"`        // PII
	PhoneNumbers []Phone     `json:"PhoneNumbers,omitzero"` // PII
	IMAccounts   []IMAccount `json:"IMAccounts,omitzero"`   // PII
	Addresses    []Address   `json:"Addresses,omitzero"`    // PII
	MainAddress  string      `json:"MainAddress,omitzero"`  // PII

	// Places. LocalCity and LocalCountry are where the customer was at the login.

	LocalCity      string       `json:"LocalCity,omitzero"`    // PII
	LocalCountry   string       `json:"LocalCountry,omitzero"` // PII; a name in all samples
	City           string       `json:"City,omitzero"`         // PII; may be "unknown"
	State          string       `json:"State,omitzero"`        // PII
	Country        Country      `json:"Country,omitzero"`
	HomeTown       string       `json:"HomeTown,omitzero"` // PII
	ProfileCity    string       `json:"ProfileCity,omitzero"`
	ProfileCountry string       `json:"ProfileCountry,omitzero"`
	PlacesLived    []PlaceLived `json:"PlacesLived,omitzero"` // PII
	TimeZone       string       `json:"TimeZone,omitzero"`    // such as "-8"
	LocalLanguage  string       `json:"LocalLanguage,omitzero"`
	Language       string       `json:"Language,omitzero"`
	Currency       string       `json:"Currency,omitzero"`
	IsGeoEnabled   event.Text   `json:"IsGeoEnabled,omitzero"` // "true" or "false"

	// The person.

	Age                event.Text     `json:"Age,omitzero"`                // PII; years
	AgeRange           AgeRange       `json:"AgeRange,omitzero"`           // PII; years
	BirthDate          string         `json:"BirthDate,omitzero"`          // PII; "06-08-1995", "06/08/1995" and others
	Gender             string         `json:"Gender,omitzero"`             // PII; an open set: "U", "female", "m" …
	Religion           string         `json:"Religion,omitzero"`           // PII
	Political          string         `json:"Political,omitzero"`          // PII
	Family             []Relative     `json:"Family,omitzero"`             // PII
	MutualFriends      []MutualFriend `json:"MutualFriends,omitzero"`      // PII
	RelationshipStatus string         `json:"RelationshipStatus,omitzero"` // PII
	InterestedIn       []string       `json:"InterestedIn,omitzero"`       // PII

	// Pages and pictures. PII, as all of them may lead to the person.

	Website            string            `json:"Website,omitzero"`
	ProfileURL         string            `json:"ProfileUrl,omitzero"`
	ImageURL           string            `json:"ImageUrl,omitzero"`
	HTTPSImageURL      string            `json:"HttpsImageUrl,omitzero"`
	ThumbnailImageURL  string            `json:"ThumbnailImageUrl,omitzero"`
	GravatarImageURL   string            `json:"GravatarImageUrl,omitzero"`
	ProfileImageURLs   map[string]string `json:"ProfileImageUrls,omitzero"` // by names such as "Image Url"
	CoverPhoto         string            `json:"CoverPhoto,omitzero"`
	Favicon            string            `json:"Favicon,omitzero"`
	WebProfiles        map[string]string `json:"WebProfiles,omitzero"`
	MemberURLResources []MemberURL       `json:"MemberUrlResources,omitzero"`

	// What the customer says.

	About                string   `json:"About,omitzero"`
	TagLine              string   `json:"TagLine,omitzero"`
	Quota                string   `json:"Quota,omitzero"`
	Quote                string   `json:"Quote,omitzero"`
	CurrentStatus        []Status `json:"CurrentStatus,omitzero"`
	ProfessionalHeadline string   `json:"ProfessionalHeadline,omitzero"`

	// The account at the provider.

	Verified            event.Text           `json:"Verified,omitzero"`    // "True" or "true" and others
	IsProtected         event.Text           `json:"IsProtected,omitzero"` // "true" or "false"
	FollowersCount      int64                `json:"FollowersCount,omitzero"`
	FriendsCount        int64                `json:"FriendsCount,omitzero"`
	TotalStatusesCount  int64                `json:"TotalStatusesCount,omitzero"`
	PinsCount           int64                `json:"PinsCount,omitzero"`
	BoardsCount         int64                `json:"BoardsCount,omitzero"`
	LikesCount          int64                `json:"LikesCount,omitzero"`
	KloutScore          KloutScore           `json:"KloutScore,omitzero"`
	Badges              []Badge              `json:"Badges,omitzero"`
	Suggestions         Suggestions          `json:"Suggestions,omitzero"`
	RelatedProfileViews []RelatedProfileView `json:"RelatedProfileViews,omitzero"`

	// The account at a host of source code.

	RepositoryURL          string       `json:"RepositoryUrl,omitzero"`
	PublicRepository       event.Text   `json:"PublicRepository,omitzero"` // how many
	TotalPrivateRepository int64        `json:"TotalPrivateRepository,omitzero"`
	StarredURL             string       `json:"StarredUrl,omitzero"`
	GistsURL               string       `json:"GistsUrl,omitzero"`
	PublicGists            int64        `json:"PublicGists,omitzero"`
	PrivateGists           int64        `json:"PrivateGists,omitzero"`
	Subscription           Subscription `json:"Subscription,omitzero"`

	// Work and education.

	Company                 string           `json:"Company,omitzero"`
	Industry                string           `json:"Industry,omitzero"`
	Hireable                bool             `json:"Hireable,omitzero"`
	Positions               []Position       `json:"Positions,omitzero"`
	Educations              []Education      `json:"Educations,omitzero"`
	Associations            string           `json:"Associations,omitzero"`
	Honors                  string           `json:"Honors,omitzero"`
	NumRecommenders         int64            `json:"NumRecommenders,omitzero"`
	RecommendationsReceived []Recommendation `json:"RecommendationsReceived,omitzero"`
	Awards                  []Award          `json:"Awards,omitzero"`
	Skills                  []Named          `json:"Skills,omitzero"`
	Certifications          []Certification  `json:"Certifications,omitzero"`
	Courses                 []Course         `json:"Courses,omitzero"`
	Volunteer               []Volunteer      `json:"Volunteer,omitzero"`
	Languages               []Language       `json:"Languages,omitzero"`
	Projects                []Project        `json:"Projects,omitzero"`
	Patents                 []Patent         `json:"Patents,omitzero"`
	Publications            []Publication    `json:"Publications,omitzero"`
	JobBookmarks            []JobBookmark    `json:"JobBookmarks,omitzero"`

	// Likings.

	Interests           []Interest      `json:"Interests,omitzero"`
	Sports              []Named         `json:"Sports,omitzero"`
	InspirationalPeople []Named         `json:"InspirationalPeople,omitzero"`
	Games               []Work          `json:"Games,omitzero"`
	TeleVisionShow      []Work          `json:"TeleVisionShow,omitzero"`
	Movies              []Work          `json:"Movies,omitzero"`
	Books               []Work          `json:"Books,omitzero"`
	FavoriteThings      []FavoriteThing `json:"FavoriteThings,omitzero"`
}

// A ProviderAccessCredential gives access to the customer's account at a social
// login provider.
type ProviderAccessCredential struct {
	AccessToken event.Secret `json:"AccessToken,omitzero"`
	TokenSecret event.Secret `json:"TokenSecret,omitzero"`
}
