package loginradius_test

import (
	"fmt"
	"strconv"
	"strings"
)

// The fixtures of this package: bodies of the shapes that LoginRadius documents,
// with invented persons. Whatever is secret in them begins with canary, and
// nothing else does.

const canary = "CANARY-5dQx-"

// fixtures returns named bodies, one for every shape and for every event.
func fixtures() map[string]string {
	all := map[string]string{
		"login of 2019":               loginBody(0),
		"login of 2023":               body("login", "2024-02-29T12:00:00.123Z", fullProfile()),
		"removeemail":                 body("removeemail", someTime, `{"UserProfile":`+fullProfile()+`,"RemovedEmail":"old@example.net"}`),
		"removeemail without profile": body("removeemail", someTime, `{"RemovedEmail":"old@example.net"}`),
		"removeemail unwrapped":       body("removeemail", someTime, fullProfile()),
		"removeemail empty wrapper":   body("removeemail", someTime, `{"UserProfile":{},"RemovedEmail":""}`),
		"custom object":               body("createcustomobject", someTime, customObject(`{"b":[1,2.50,1e3],"a":null,"n":12345678901234567890}`)),
		"custom object array":         body("deletecustomobject", someTime, customObject(`[{"Name":"size", "Value":"<b>&\u2028"}, null, true]`)),
		"custom object nested":        body("updatecustomobject", someTime, customObject(`{"CustomObject":{"k":"v"}}`)),
		"custom object string":        body("updatecustomobject", someTime, customObject(`"text"`)),
		"custom object null":          body("updatecustomobject", someTime, customObject(`null`)),
		"unknown event":               body("brandnew", someTime, `{"Something":{"else":1}}`),
		"unknown event, profile":      body("brandnew", someTime, fullProfile()),
		"unknown event, wrapper":      body("brandnew", someTime, `{"UserProfile":{"Uid":"u-1"},"RemovedEmail":"old@example.net"}`),
		"unknown event, only wrapped": body("brandnew", someTime, `{"UserProfile":{"Uid":"u-1"}}`),
		"unknown event, empty inside": body("brandnew", someTime, `{"UserProfile":{}}`),
		"unknown event, object":       body("brandnew", someTime, customObject(`{}`)),
		"unknown event, null object":  body("brandnew", someTime, customObject(`null`)),
		"unknown event, all at once":  body("brandnew", someTime, `{"UserProfile":{"Uid":"u-1"},"RemovedEmail":"x","CustomObject":[],"Uid":"u-2","Email":[]}`),
		"empty data":                  body("login", someTime, `{}`),
		"no data":                     `{"HookName":"login"}`,
		"null data":                   body("login", someTime, `null`),
		"text as data":                body("login", someTime, `"text"`),
		"array as data":               body("createcustomobject", someTime, `[]`),
		"empty body":                  `{}`,
		"nulls":                       `{"HookName":null,"Time":null,"HookId":null,"Data":null}`,
		"name last":                   `{"Data":` + fullProfile() + `,"HookId":"h","Time":"` + someTime + `","HookName":"LOGIN"}`,
		"wrong time in other case":    `{"HookName":"new","time":"203f624-05-14T08:31:11"}`,
		"removal, many identities":    body("removeemail", someTime, `{"Uid":"u","UserName":"n","Identities":[`+strings.TrimSuffix(strings.Repeat(`{"ID":"a"},`, 7), ",")+`]}`),
		"removal, more identities":    body("removeemail", someTime, `{"Uid":"u","UserProfile":{"ID":"b","Identities":[`+strings.TrimSuffix(strings.Repeat(`{"ID":"a"},`, 9), ",")+`]}}`),
		"removal, no room left":       body("removeemail", someTime, `{"Uid":"u","Roles":[`+strings.TrimSuffix(strings.Repeat(`"a",`, 20_000), ",")+`]}`),
		"two lists, no room left":     body("login", someTime, `{"InterestedIn":[`+strings.TrimSuffix(strings.Repeat(`"a",`, 10_000), ",")+`],"Roles":[`+strings.TrimSuffix(strings.Repeat(`"b",`, 10_000), ",")+`]}`),
		"deep text":                   `{"HookName":"createcustomobject","Data":"{\"CustomObject\":` + strings.Repeat("[", 63) + "1" + strings.Repeat("]", 63) + `}"}`,
		"text in text":                `{"HookName":"login","Data":"{\"PIN\":\"{\\\"Skipped\\\":true}\"}"}`,
		"empty lists":                 body("login", someTime, `{"Uid":"u","Email":[],"Roles":[],"CustomFields":{},"Identities":[],"PIN":{},"ConsentProfile":{"Consents":[]},"Country":{},"WebProfiles":{}}`),
		"nulls in lists":              body("login", someTime, `{"Uid":"u","Email":[null,{}],"Roles":[null,"","a"],"CustomFields":{"a":null,"":""},"Identities":[null,{"Email":[]}]}`),
		"repeated":                    `{"HookName":"login","HookName":"register","Data":{"Uid":"a","Email":[{"Type":"Primary","Value":"x@example.net"}]},"Data":{"Uid":"b","Email":[]}}`,
	}
	for _, name := range hookNames {
		data := account
		if strings.HasSuffix(name, "customobject") {
			data = customObject(`{"k":"v"}`)
		}
		all["event "+name] = body(name, someTime, data)
	}
	return all
}

const someTime = "2024-05-14T08:31:07Z"

func body(name, at, data string) string {
	return fmt.Sprintf(`{"HookName":%q,"Time":%q,"HookId":"8c1f3f6e-1f0b-4a55-9d63-6a4b1d5f0c11","Data":%s}`, name, at, data)
}

// account is a small profile.
const account = `{"Uid":"u-4711","Password":"` + canary + `","NoOfLogins":7,"LoginLockedType":0,"Email":[{"Type":"Primary","Value":"w@example.org"}],` +
	`"PIN":{"PIN":"` + canary + `","SkippedDate":null},"LastLoginDate":"2024-05-14T08:31:07Z","Identities":[{"Provider":"google","ProviderAccessCredential":{"AccessToken":"` + canary + `"},"Awards":[{"Id":"1"}]}]}`

func customObject(content string) string {
	return `{"Id":"65f0a1b2c3d4e5f60718293a","IsActive":true,"DateCreated":"2024-05-01T10:00:00.5467373Z","DateModified":"2024-05-02T10:00:00.546738Z","IsDeleted":false,"Uid":"u-4711","CustomObject":` + content + `}`
}

// loginBody is a login as of 2019, 141 members in the order of the documented
// one and most of them null. Two with another n differ in all IDs and times.
func loginBody(n int) string {
	return strings.NewReplacer(
		"{n}", fmt.Sprintf("%08x", n*2654435761%(1<<32)),
		"{s}", fmt.Sprintf("%02d", n%60),
		"{us}", fmt.Sprintf("%06d", n*7919%1000000),
		"{i}", strconv.Itoa(n%1000),
	).Replace(loginTemplate)
}

const loginTemplate = `{"HookName":"login","Time":"2024-05-14T08:31:{s}Z","HookId":"{n}-7b21-4c5e-8a90-3f2d{n}","Data":{` +
	`"Password":"` + canary + `{n}$1000$kZ0v$q81c","LastPasswordChangeDate":"2024-01-09T04:16:{s}.073Z","PasswordExpirationDate":null,` +
	`"LastPasswordChangeToken":null,"EmailVerified":true,"IsActive":true,"IsDeleted":false,"Uid":"5ab0{n}4f6e{n}70d18f3c","CustomFields":{"Branch":"{n}"},` +
	`"IsEmailSubscribed":false,"UserName":null,"NoOfLogins":{i},"PhoneId":"+1555{n}","PhoneIdVerified":false,"ExternalUserLoginId":null,` +
	`"RegistrationProvider":"Email","IsLoginLocked":false,"LoginLockedType":0,"LastLoginLocation":"Utrecht, Netherlands","RegistrationSource":"API","IsCustomUid":false,` +
	`"UnverifiedEmail":null,"IsSecurePassword":true,"PrivacyPolicy":{"Version":"v3","AcceptSource":"https://shop.example.org/join","AcceptDateTime":"2024-01-09T04:24:{s}.846Z"},` +
	`"ExternalIds":null,"IsRequiredFieldsFilledOnce":true,"ID":"5ab0{n}4f6e{n}70d18f3c","Provider":"Email","Prefix":null,"FirstName":"Wilma{n}","MiddleName":null,` +
	`"LastName":"Testermann","Suffix":null,"FullName":"Wilma{n} Testermann","NickName":null,"ProfileName":null,"BirthDate":null,"Gender":null,"Website":null,` +
	`"Email":[{"Type":"Primary","Value":"w.{n}@example.org"}],"Country":null,"ThumbnailImageUrl":null,"ImageUrl":null,"Favicon":null,"ProfileUrl":null,"HomeTown":null,` +
	`"State":null,"City":null,"Industry":null,"About":"tests","TimeZone":null,"LocalLanguage":null,"CoverPhoto":null,"TagLine":null,"Language":null,"Verified":null,` +
	`"UpdatedTime":null,"Positions":null,"Educations":null,"PhoneNumbers":null,"IMAccounts":null,"Addresses":[{"Type":"personal","Address1":null,"Address2":null,` +
	`"City":"Utrecht","State":null,"PostalCode":"3511 {i}","Region":null,"Country":"Netherlands"}],"MainAddress":null,"Created":null,` +
	`"CreatedDate":"2023-11-29T21:41:{s}.122Z","ModifiedDate":"2024-05-14T08:31:{s}.965Z","ProfileModifiedDate":"2024-03-23T06:46:{s}.248Z","LocalCity":"Utrecht",` +
	`"ProfileCity":null,"LocalCountry":"Netherlands","ProfileCountry":null,"FirstLogin":false,"IsProtected":false,"RelationshipStatus":null,"Quota":null,"Quote":null,` +
	`"InterestedIn":null,"Interests":null,"Religion":null,"Political":null,"Sports":null,"InspirationalPeople":null,"HttpsImageUrl":null,"FollowersCount":0,"FriendsCount":0,` +
	`"IsGeoEnabled":null,"TotalStatusesCount":0,"Associations":null,"NumRecommenders":0,"Honors":null,"Awards":null,"Skills":null,"CurrentStatus":null,` +
	`"Certifications":null,"Courses":null,"Volunteer":null,"RecommendationsReceived":null,"Languages":null,"Projects":null,"Games":null,"Family":null,"TeleVisionShow":null,` +
	`"MutualFriends":null,"Movies":null,"Books":null,"AgeRange":null,"PublicRepository":null,"Hireable":false,"RepositoryUrl":null,"Age":null,"Patents":null,` +
	`"FavoriteThings":null,"ProfessionalHeadline":null,"ProviderAccessCredential":null,"RelatedProfileViews":null,"KloutScore":null,"LRUserID":null,"PlacesLived":null,` +
	`"Publications":null,"JobBookmarks":null,"Suggestions":null,"Badges":null,"MemberUrlResources":null,"TotalPrivateRepository":0,"Currency":null,"StarredUrl":null,` +
	`"GistsUrl":null,"PublicGists":0,"PrivateGists":0,"Subscription":null,"Company":null,"GravatarImageUrl":null,"ProfileImageUrls":null,"WebProfiles":null,"PinsCount":0,` +
	`"BoardsCount":0,"LikesCount":0,"SignupDate":"2023-11-29T21:41:{s}.122Z","LastLoginDate":"2024-05-14T08:31:{s}.{us}Z","PreviousUids":null,"Identities":null}}`

// fullProfile has a value for every member that LoginRadius documents, among
// them those that are left out of a Profile on purpose.
func fullProfile() string {
	social := socialMembers("own")
	return `{"Password":"` + canary + `password\u0000\u001b\ufffd","LastPasswordChangeDate":"2024-01-09T04:16:35.073Z","PasswordExpirationDate":"2025-01-09T04:16:35.07Z",` +
		`"LastPasswordChangeToken":"` + canary + `change-token","EmailVerified":true,"IsActive":true,"IsDeleted":true,"Uid":"u-4711","CustomFields":{"Team":"blue","Desk":""},` +
		`"IsEmailSubscribed":true,"UserName":"wtest","NoOfLogins":7,"PhoneId":"+15555550123","PhoneIdVerified":true,"ExternalUserLoginId":"ext-9","RegistrationProvider":"google",` +
		`"IsLoginLocked":true,"LoginLockedType":"None","LastLoginLocation":"Utrecht, Netherlands","RegistrationSource":"API","IsCustomUid":true,` +
		`"UnverifiedEmail":[{"Type":"Secondary","Value":"w.new@example.org"}],"IsSecurePassword":true,` +
		`"PrivacyPolicy":{"Version":"v3","AcceptSource":"https://shop.example.org/join","AcceptDateTime":"2024-01-09T04:24:17.846Z"},` +
		`"ExternalIds":[{"Source":"crm","SourceId":"c-77"}],"IsRequiredFieldsFilledOnce":true,` + social + `,` +
		`"Identities":[{` + socialMembers("linked") + `},{"Provider":"github","ProviderAccessCredential":{"AccessToken":"` + canary + `github"}}],` +
		`"LastAcceptedConsentVersion":2,"Consents":{"x":"` + canary + `consents"},` +
		`"PIN":{"Skipped":true,"PIN":"` + canary + `pin","LastPINChangeToken":"` + canary + `pin-token","LastPINChangeDate":"2024-04-05T08:13:38.202Z","SkippedDate":"0001-01-01T00:00:00.0000000Z"},` +
		`"ConsentProfile":{"AcceptedConsentVersions":[{"Event":"Register","Version":3,"IsCustom":true}],"Consents":[{"ConsentOptionId":"o-1","AcceptOnDate":"2024-04-05T08:13:38.2Z"}]},` +
		`"RegistrationData":{"Data":[{"DataSource":"shops","Value":{"Id":"s-1"}}]},"Roles":["Moderator","Admin"],"Organizations":[{"Id":"org-1"}],"EmailVerifiedFromSocial":true,` +
		`"FailedLoginAttempt":1,"SecurityQuestionFailedResetPasswordAttempts":2,"SecurityQuestionFailedLoginAttempt":3,"DisableLogin":true,` +
		`"RoleContext":[{"token":"` + canary + `role-context"}],"KnownLoginVariables":{"token":"` + canary + `known"},"LoginLockedTimeout":"2024-04-05T08:13:38Z",` +
		`"SignupLog":{"token":"` + canary + `signup"},"IsPasswordBreached":true,` +
		`"access_token":"` + canary + `access","SomethingNew":{"refresh_token":["` + canary + `refresh"]}}`
}

// socialMembers has the members that an Identity has as well, without braces.
func socialMembers(who string) string {
	return strings.NewReplacer("{who}", who, "{canary}", canary+who).Replace(
		`"ID":"id-{who}","Provider":"google","Prefix":"Dr.","FirstName":"Wilma","MiddleName":"T.","LastName":"Testermann","Suffix":"Sr.","FullName":"Wilma T. Testermann",` +
			`"NickName":"wil","ProfileName":"wilmat","BirthDate":"02-29-1980","Gender":"U","Website":"www.example.org",` +
			`"Email":[{"Type":"Secondary","Value":"w2@example.org"},{"Type":"pRimary","Value":"w.{who}@example.org"}],"Country":{"Code":"NL","Name":"Netherlands"},` +
			`"ThumbnailImageUrl":"https://img.example.org/t","ImageUrl":"https://img.example.org/i","Favicon":"https://img.example.org/f","ProfileUrl":"https://example.org/w",` +
			`"HomeTown":"Zwolle","State":"Utrecht","City":"unknown","Industry":"IT","About":"tests","TimeZone":"+1","LocalLanguage":"nl","CoverPhoto":"https://img.example.org/c",` +
			`"TagLine":"tag","Language":"en","Verified":"True","UpdatedTime":"04/16/2024 15:56:36",` +
			`"Positions":[{"Position":"Tester","Summary":"tests","StartDate":"10/2016","EndDate":"","IsCurrent":"True","Location":"Utrecht","Company":{"Name":"Tests BV","Type":"BV","Industry":"IT"}}],` +
			`"Educations":[{"School":"HU","year":"1999","type":"hbo","notes":"n","activities":"a","degree":"BSc","fieldofstudy":"tests","StartDate":"1995","EndDate":"1999"}],` +
			`"PhoneNumbers":[{"PhoneType":"primary","PhoneNumber":"5555550123"}],"IMAccounts":[{"AccountType":"irc","AccountName":"wil"}],` +
			`"Addresses":[{"Type":"personal","Address1":"Dam 1","Address2":"2e","City":"Utrecht","State":"UT","PostalCode":"3511 AA","Region":"Midden","Country":"Netherlands"}],` +
			`"MainAddress":"Dam 1","Created":"5/20/2018 12:33:35 AM +00:00","CreatedDate":"2023-11-29T21:41:38.122Z","ModifiedDate":"2024-05-14T08:31:07.48263Z",` +
			`"ProfileModifiedDate":"2024-03-23T06:46:48.063593Z","LocalCity":"Utrecht","ProfileCity":"Zwolle","LocalCountry":"Netherlands","ProfileCountry":"NL","FirstLogin":true,` +
			`"IsProtected":true,"RelationshipStatus":"Single","Quota":"q1","Quote":"q2","InterestedIn":["locks"],"Interests":[{"InterestedType":"t","InterestedName":"n"}],` +
			`"Religion":"r","Political":"p","Sports":[{"Id":"1","Name":"chess"}],"InspirationalPeople":[{"Id":"2","Name":"Ada"}],"HttpsImageUrl":"https://img.example.org/h",` +
			`"FollowersCount":1,"FriendsCount":2,"IsGeoEnabled":"false","TotalStatusesCount":3,"Associations":"a","NumRecommenders":4,"Honors":"h","Awards":[{"Id":"3","Name":"n","Issuer":"i"}],` +
			`"Skills":[{"Id":"4","Name":"go"}],"CurrentStatus":[{"Id":"5","Text":"t","Source":"s","CreatedDate":"d"}],` +
			`"Certifications":[{"Id":"6","Name":"n","Authority":"a","Number":"1","StartDate":"s","EndDate":"e"}],"Courses":[{"Id":"7","Name":"n","Number":"1"}],` +
			`"Volunteer":[{"Id":"8","Role":"r","Organization":"o","Cause":"c"}],"RecommendationsReceived":[{"Id":"9","RecommendationType":"t","RecommendationText":"x","Recommender":"r"}],` +
			`"Languages":[{"Id":"10","Name":"nl","Proficiency":"native"}],"Projects":[{"Id":"11","Name":"n","Summary":"s","With":[{"Id":"1","Name":"w"}],"StartDate":"s","EndDate":"e","IsCurrent":"true"}],` +
			`"Games":[{"Id":"12","Name":"n","Category":"c","CreatedDate":"d"}],"Family":[{"Id":"13","Name":"n","Relationship":"r"}],"TeleVisionShow":[{"Id":"14","Name":"n","Category":"c","CreatedDate":"d"}],` +
			`"MutualFriends":[{"Id":"15","Name":"n","FirstName":"f","LastName":"l","Birthday":"b","Hometown":"h","Link":"l","Gender":"U"}],"Movies":[{"Id":"16","Name":"n","Category":"c","CreatedDate":"d"}],` +
			`"Books":[{"Id":"17","Name":"n","Category":"c","CreatedDate":"d"}],"AgeRange":{"Min":21,"Max":99},"PublicRepository":"3","Hireable":true,"RepositoryUrl":"https://git.example.org/w","Age":"44",` +
			`"Patents":[{"Id":"18","Title":"t","Date":"d"}],"FavoriteThings":[{"Id":"19","Name":"n","Type":"t"}],"ProfessionalHeadline":"h",` +
			`"ProviderAccessCredential":{"AccessToken":"{canary}-access","TokenSecret":"{canary}-secret"},"RelatedProfileViews":[{"Id":"20","FirstName":"f","LastName":"l"}],` +
			`"KloutScore":{"KloutId":"k","Score":52.0},"LRUserID":"lr-1","PlacesLived":[{"Name":"Zwolle","IsPrimary":true}],` +
			`"Publications":[{"Id":"21","Title":"t","Publisher":"p","Authors":[{"Id":"1","Name":"a"}],"Date":"d","Url":"u","Summary":"s"}],` +
			`"JobBookmarks":[{"IsApplied":true,"ApplyTimestamp":"1","IsSaved":false,"SavedTimestamp":"2","Job":{"Active":true,"Id":"22","DescriptionSnippet":"d","Company":{"Id":"1","Name":"n"},"Position":{"Title":"t"},"PostingTimestamp":"3"}}],` +
			`"Suggestions":{"CompaniestoFollow":[{"Id":"1","Name":"n"}],"IndustriestoFollow":[{"Id":"2","Name":"n"}],"NewssourcetoFollow":[{"Id":"3","Name":"n"}],"PeopletoFollow":[{"Id":"4","Name":"n"}]},` +
			`"Badges":[{"BadgeId":"23","Name":"n","BadgeMessage":"m","Description":"d","ImageUrl":"u"}],"MemberUrlResources":[{"Url":"u","UrlName":"n"}],"TotalPrivateRepository":5,"Currency":"EUR",` +
			`"StarredUrl":"https://git.example.org/s","GistsUrl":"https://git.example.org/g","PublicGists":6,"PrivateGists":7,` +
			`"Subscription":{"Name":"free","Space":"976562499","PrivateRepos":"10000","Collaborators":"0"},"Company":"Tests BV","GravatarImageUrl":"https://img.example.org/g",` +
			`"ProfileImageUrls":{"Image Url":"https://img.example.org/1","Profile":"https://img.example.org/2"},"WebProfiles":{"home":"https://example.org"},"PinsCount":8,"BoardsCount":9,"LikesCount":10,` +
			`"SignupDate":"2023-11-29T21:41:38.122Z","LastLoginDate":"2024-05-14T08:31:07.9658619Z","PreviousUids":["u-1","u-2"]`)
}
