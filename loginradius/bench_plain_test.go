package loginradius_test

import (
	"time"

	"github.com/accesshook/accesshook/loginradius"
)

// plain is what somebody writes who follows LoginRadius's documentation, with
// the fields of a loginradius.Hook and secrets as plain strings.
type plain struct {
	HookName string       `json:"HookName"`
	Time     time.Time    `json:"Time"`
	HookID   string       `json:"HookId"`
	Data     plainProfile `json:"Data"`
}

type plainProfile struct {
	UID                                         string                       `json:"Uid"`
	IsCustomUID                                 bool                         `json:"IsCustomUid"`
	IsActive                                    bool                         `json:"IsActive"`
	IsDeleted                                   bool                         `json:"IsDeleted"`
	Password                                    string                       `json:"Password"`
	LastPasswordChangeDate                      time.Time                    `json:"LastPasswordChangeDate"`
	PasswordExpirationDate                      time.Time                    `json:"PasswordExpirationDate"`
	LastPasswordChangeToken                     string                       `json:"LastPasswordChangeToken"`
	IsSecurePassword                            bool                         `json:"IsSecurePassword"`
	IsPasswordBreached                          bool                         `json:"IsPasswordBreached"`
	PIN                                         plainPIN                     `json:"PIN"`
	UserName                                    string                       `json:"UserName"`
	ExternalUserLoginID                         string                       `json:"ExternalUserLoginId"`
	PhoneID                                     string                       `json:"PhoneId"`
	PhoneIDVerified                             bool                         `json:"PhoneIdVerified"`
	EmailVerified                               bool                         `json:"EmailVerified"`
	EmailVerifiedFromSocial                     bool                         `json:"EmailVerifiedFromSocial"`
	UnverifiedEmail                             []loginradius.Email          `json:"UnverifiedEmail"`
	IsEmailSubscribed                           bool                         `json:"IsEmailSubscribed"`
	NoOfLogins                                  int64                        `json:"NoOfLogins"`
	LastLoginLocation                           string                       `json:"LastLoginLocation"`
	IsLoginLocked                               bool                         `json:"IsLoginLocked"`
	LoginLockedType                             int64                        `json:"LoginLockedType"`
	LoginLockedTimeout                          string                       `json:"LoginLockedTimeout"`
	DisableLogin                                bool                         `json:"DisableLogin"`
	FailedLoginAttempt                          int64                        `json:"FailedLoginAttempt"`
	SecurityQuestionFailedLoginAttempt          int64                        `json:"SecurityQuestionFailedLoginAttempt"`
	SecurityQuestionFailedResetPasswordAttempts int64                        `json:"SecurityQuestionFailedResetPasswordAttempts"`
	RegistrationProvider                        string                       `json:"RegistrationProvider"`
	RegistrationSource                          string                       `json:"RegistrationSource"`
	RegistrationData                            loginradius.RegistrationData `json:"RegistrationData"`
	IsRequiredFieldsFilledOnce                  bool                         `json:"IsRequiredFieldsFilledOnce"`
	PrivacyPolicy                               loginradius.PrivacyPolicy    `json:"PrivacyPolicy"`
	ConsentProfile                              loginradius.ConsentProfile   `json:"ConsentProfile"`
	LastAcceptedConsentVersion                  int64                        `json:"LastAcceptedConsentVersion"`
	Roles                                       []string                     `json:"Roles"`
	Organizations                               []loginradius.Organization   `json:"Organizations"`
	ExternalIDs                                 []loginradius.ExternalID     `json:"ExternalIds"`
	CustomFields                                map[string]string            `json:"CustomFields"`
	Identities                                  []plainIdentity              `json:"Identities"`
	plainIdentity
}

type plainIdentity struct {
	ID                       string                           `json:"ID"`
	Provider                 string                           `json:"Provider"`
	LRUserID                 string                           `json:"LRUserID"`
	ProviderAccessCredential plainProviderAccessCredential    `json:"ProviderAccessCredential"`
	PreviousUIDs             []string                         `json:"PreviousUids"`
	SignupDate               time.Time                        `json:"SignupDate"`
	LastLoginDate            time.Time                        `json:"LastLoginDate"`
	CreatedDate              time.Time                        `json:"CreatedDate"`
	ModifiedDate             time.Time                        `json:"ModifiedDate"`
	ProfileModifiedDate      time.Time                        `json:"ProfileModifiedDate"`
	FirstLogin               bool                             `json:"FirstLogin"`
	Created                  string                           `json:"Created"`
	UpdatedTime              string                           `json:"UpdatedTime"`
	Prefix                   string                           `json:"Prefix"`
	FirstName                string                           `json:"FirstName"`
	MiddleName               string                           `json:"MiddleName"`
	LastName                 string                           `json:"LastName"`
	Suffix                   string                           `json:"Suffix"`
	FullName                 string                           `json:"FullName"`
	NickName                 string                           `json:"NickName"`
	ProfileName              string                           `json:"ProfileName"`
	Email                    []loginradius.Email              `json:"Email"`
	PhoneNumbers             []loginradius.Phone              `json:"PhoneNumbers"`
	IMAccounts               []loginradius.IMAccount          `json:"IMAccounts"`
	Addresses                []loginradius.Address            `json:"Addresses"`
	MainAddress              string                           `json:"MainAddress"`
	LocalCity                string                           `json:"LocalCity"`
	LocalCountry             string                           `json:"LocalCountry"`
	City                     string                           `json:"City"`
	State                    string                           `json:"State"`
	Country                  loginradius.Country              `json:"Country"`
	HomeTown                 string                           `json:"HomeTown"`
	ProfileCity              string                           `json:"ProfileCity"`
	ProfileCountry           string                           `json:"ProfileCountry"`
	PlacesLived              []loginradius.PlaceLived         `json:"PlacesLived"`
	TimeZone                 string                           `json:"TimeZone"`
	LocalLanguage            string                           `json:"LocalLanguage"`
	Language                 string                           `json:"Language"`
	Currency                 string                           `json:"Currency"`
	IsGeoEnabled             string                           `json:"IsGeoEnabled"`
	Age                      string                           `json:"Age"`
	AgeRange                 loginradius.AgeRange             `json:"AgeRange"`
	BirthDate                string                           `json:"BirthDate"`
	Gender                   string                           `json:"Gender"`
	Religion                 string                           `json:"Religion"`
	Political                string                           `json:"Political"`
	Family                   []loginradius.Relative           `json:"Family"`
	MutualFriends            []loginradius.MutualFriend       `json:"MutualFriends"`
	RelationshipStatus       string                           `json:"RelationshipStatus"`
	InterestedIn             []string                         `json:"InterestedIn"`
	Website                  string                           `json:"Website"`
	ProfileURL               string                           `json:"ProfileUrl"`
	ImageURL                 string                           `json:"ImageUrl"`
	HTTPSImageURL            string                           `json:"HttpsImageUrl"`
	ThumbnailImageURL        string                           `json:"ThumbnailImageUrl"`
	GravatarImageURL         string                           `json:"GravatarImageUrl"`
	ProfileImageURLs         map[string]string                `json:"ProfileImageUrls"`
	CoverPhoto               string                           `json:"CoverPhoto"`
	Favicon                  string                           `json:"Favicon"`
	WebProfiles              map[string]string                `json:"WebProfiles"`
	MemberURLResources       []loginradius.MemberURL          `json:"MemberUrlResources"`
	About                    string                           `json:"About"`
	TagLine                  string                           `json:"TagLine"`
	Quota                    string                           `json:"Quota"`
	Quote                    string                           `json:"Quote"`
	CurrentStatus            []loginradius.Status             `json:"CurrentStatus"`
	ProfessionalHeadline     string                           `json:"ProfessionalHeadline"`
	Verified                 string                           `json:"Verified"`
	IsProtected              bool                             `json:"IsProtected"`
	FollowersCount           int64                            `json:"FollowersCount"`
	FriendsCount             int64                            `json:"FriendsCount"`
	TotalStatusesCount       int64                            `json:"TotalStatusesCount"`
	PinsCount                int64                            `json:"PinsCount"`
	BoardsCount              int64                            `json:"BoardsCount"`
	LikesCount               int64                            `json:"LikesCount"`
	KloutScore               loginradius.KloutScore           `json:"KloutScore"`
	Badges                   []loginradius.Badge              `json:"Badges"`
	Suggestions              loginradius.Suggestions          `json:"Suggestions"`
	RelatedProfileViews      []loginradius.RelatedProfileView `json:"RelatedProfileViews"`
	RepositoryURL            string                           `json:"RepositoryUrl"`
	PublicRepository         string                           `json:"PublicRepository"`
	TotalPrivateRepository   int64                            `json:"TotalPrivateRepository"`
	StarredURL               string                           `json:"StarredUrl"`
	GistsURL                 string                           `json:"GistsUrl"`
	PublicGists              int64                            `json:"PublicGists"`
	PrivateGists             int64                            `json:"PrivateGists"`
	Subscription             loginradius.Subscription         `json:"Subscription"`
	Company                  string                           `json:"Company"`
	Industry                 string                           `json:"Industry"`
	Hireable                 bool                             `json:"Hireable"`
	Positions                []loginradius.Position           `json:"Positions"`
	Educations               []loginradius.Education          `json:"Educations"`
	Associations             string                           `json:"Associations"`
	Honors                   string                           `json:"Honors"`
	NumRecommenders          int64                            `json:"NumRecommenders"`
	RecommendationsReceived  []loginradius.Recommendation     `json:"RecommendationsReceived"`
	Awards                   []loginradius.Award              `json:"Awards"`
	Skills                   []loginradius.Named              `json:"Skills"`
	Certifications           []loginradius.Certification      `json:"Certifications"`
	Courses                  []loginradius.Course             `json:"Courses"`
	Volunteer                []loginradius.Volunteer          `json:"Volunteer"`
	Languages                []loginradius.Language           `json:"Languages"`
	Projects                 []loginradius.Project            `json:"Projects"`
	Patents                  []loginradius.Patent             `json:"Patents"`
	Publications             []loginradius.Publication        `json:"Publications"`
	JobBookmarks             []loginradius.JobBookmark        `json:"JobBookmarks"`
	Interests                []loginradius.Interest           `json:"Interests"`
	Sports                   []loginradius.Named              `json:"Sports"`
	InspirationalPeople      []loginradius.Named              `json:"InspirationalPeople"`
	Games                    []loginradius.Work               `json:"Games"`
	TeleVisionShow           []loginradius.Work               `json:"TeleVisionShow"`
	Movies                   []loginradius.Work               `json:"Movies"`
	Books                    []loginradius.Work               `json:"Books"`
	FavoriteThings           []loginradius.FavoriteThing      `json:"FavoriteThings"`
}

type plainPIN struct {
	PIN                string    `json:"PIN"`
	LastPINChangeToken string    `json:"LastPINChangeToken"`
	LastPINChangeDate  time.Time `json:"LastPINChangeDate"`
	Skipped            bool      `json:"Skipped"`
	SkippedDate        time.Time `json:"SkippedDate"`
}

type plainProviderAccessCredential struct {
	AccessToken string `json:"AccessToken"`
	TokenSecret string `json:"TokenSecret"`
}
