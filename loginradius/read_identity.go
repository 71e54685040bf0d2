package loginradius

import "github.com/accesshook/accesshook/internal/jsonbody"

func (p *Identity) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		p.member(r)
	}
}

func (p *Identity) member(r *jsonbody.Reader) {
	switch r.Name() {
	case "ID":
		p.ID = r.String()
	case "Provider":
		p.Provider = r.String()
	case "LRUserID":
		p.LRUserID = r.String()
	case "ProviderAccessCredential":
		p.ProviderAccessCredential.read(r)
	case "PreviousUids":
		p.PreviousUIDs = list(r, text)
	case "SignupDate":
		p.SignupDate = instant(r)
	case "LastLoginDate":
		p.LastLoginDate = instant(r)
	case "CreatedDate":
		p.CreatedDate = instant(r)
	case "ModifiedDate":
		p.ModifiedDate = instant(r)
	case "ProfileModifiedDate":
		p.ProfileModifiedDate = instant(r)
	case "FirstLogin":
		p.FirstLogin = r.Bool()
	case "Created":
		p.Created = r.String()
	case "UpdatedTime":
		p.UpdatedTime = r.String()
	case "Prefix":
		p.Prefix = r.String()
	case "FirstName":
		p.FirstName = r.String()
	case "MiddleName":
		p.MiddleName = r.String()
	case "LastName":
		p.LastName = r.String()
	case "Suffix":
		p.Suffix = r.String()
	case "FullName":
		p.FullName = r.String()
	case "NickName":
		p.NickName = r.String()
	case "ProfileName":
		p.ProfileName = r.String()
	case "Email":
		p.Email = list(r, (*Email).read)
	case "PhoneNumbers":
		p.PhoneNumbers = list(r, (*Phone).read)
	case "IMAccounts":
		p.IMAccounts = nested[[]IMAccount](r)
	case "Addresses":
		p.Addresses = list(r, (*Address).read)
	case "MainAddress":
		p.MainAddress = r.String()
	case "LocalCity":
		p.LocalCity = r.String()
	case "LocalCountry":
		p.LocalCountry = r.String()
	case "City":
		p.City = r.String()
	case "State":
		p.State = r.String()
	case "Country":
		p.Country = nested[Country](r)
	case "HomeTown":
		p.HomeTown = r.String()
	case "ProfileCity":
		p.ProfileCity = r.String()
	case "ProfileCountry":
		p.ProfileCountry = r.String()
	case "PlacesLived":
		p.PlacesLived = nested[[]PlaceLived](r)
	case "TimeZone":
		p.TimeZone = r.String()
	case "LocalLanguage":
		p.LocalLanguage = r.String()
	case "Language":
		p.Language = r.String()
	case "Currency":
		p.Currency = r.String()
	case "IsGeoEnabled":
		p.IsGeoEnabled = r.Text()
	case "Age":
		p.Age = r.Text()
	case "AgeRange":
		p.AgeRange = nested[AgeRange](r)
	case "BirthDate":
		p.BirthDate = r.String()
	case "Gender":
		p.Gender = r.String()
	case "Religion":
		p.Religion = r.String()
	case "Political":
		p.Political = r.String()
	case "Family":
		p.Family = nested[[]Relative](r)
	case "MutualFriends":
		p.MutualFriends = nested[[]MutualFriend](r)
	case "RelationshipStatus":
		p.RelationshipStatus = r.String()
	case "InterestedIn":
		p.InterestedIn = list(r, text)
	case "Website":
		p.Website = r.String()
	case "ProfileUrl":
		p.ProfileURL = r.String()
	case "ImageUrl":
		p.ImageURL = r.String()
	case "HttpsImageUrl":
		p.HTTPSImageURL = r.String()
	case "ThumbnailImageUrl":
		p.ThumbnailImageURL = r.String()
	case "GravatarImageUrl":
		p.GravatarImageURL = r.String()
	case "ProfileImageUrls":
		p.ProfileImageURLs = texts(r)
	case "CoverPhoto":
		p.CoverPhoto = r.String()
	case "Favicon":
		p.Favicon = r.String()
	case "WebProfiles":
		p.WebProfiles = texts(r)
	case "MemberUrlResources":
		p.MemberURLResources = nested[[]MemberURL](r)
	case "About":
		p.About = r.String()
	case "TagLine":
		p.TagLine = r.String()
	case "Quota":
		p.Quota = r.String()
	case "Quote":
		p.Quote = r.String()
	case "CurrentStatus":
		p.CurrentStatus = nested[[]Status](r)
	case "ProfessionalHeadline":
		p.ProfessionalHeadline = r.String()
	case "Verified":
		p.Verified = r.Text()
	case "IsProtected":
		p.IsProtected = r.Text()
	case "FollowersCount":
		p.FollowersCount = r.Int()
	case "FriendsCount":
		p.FriendsCount = r.Int()
	case "TotalStatusesCount":
		p.TotalStatusesCount = r.Int()
	case "PinsCount":
		p.PinsCount = r.Int()
	case "BoardsCount":
		p.BoardsCount = r.Int()
	case "LikesCount":
		p.LikesCount = r.Int()
	case "KloutScore":
		p.KloutScore = nested[KloutScore](r)
	case "Badges":
		p.Badges = nested[[]Badge](r)
	case "Suggestions":
		p.Suggestions = nested[Suggestions](r)
	case "RelatedProfileViews":
		p.RelatedProfileViews = nested[[]RelatedProfileView](r)
	case "RepositoryUrl":
		p.RepositoryURL = r.String()
	case "PublicRepository":
		p.PublicRepository = r.Text()
	case "TotalPrivateRepository":
		p.TotalPrivateRepository = r.Int()
	case "StarredUrl":
		p.StarredURL = r.String()
	case "GistsUrl":
		p.GistsURL = r.String()
	case "PublicGists":
		p.PublicGists = r.Int()
	case "PrivateGists":
		p.PrivateGists = r.Int()
	case "Subscription":
		p.Subscription.read(r)
	case "Company":
		p.Company = r.String()
	case "Industry":
		p.Industry = r.String()
	case "Hireable":
		p.Hireable = r.Bool()
	case "Positions":
		p.Positions = nested[[]Position](r)
	case "Educations":
		p.Educations = nested[[]Education](r)
	case "Associations":
		p.Associations = r.String()
	case "Honors":
		p.Honors = r.String()
	case "NumRecommenders":
		p.NumRecommenders = r.Int()
	case "RecommendationsReceived":
		p.RecommendationsReceived = nested[[]Recommendation](r)
	case "Awards":
		p.Awards = nested[[]Award](r)
	case "Skills":
		p.Skills = nested[[]Named](r)
	case "Certifications":
		p.Certifications = nested[[]Certification](r)
	case "Courses":
		p.Courses = nested[[]Course](r)
	case "Volunteer":
		p.Volunteer = nested[[]Volunteer](r)
	case "Languages":
		p.Languages = nested[[]Language](r)
	case "Projects":
		p.Projects = nested[[]Project](r)
	case "Patents":
		p.Patents = nested[[]Patent](r)
	case "Publications":
		p.Publications = nested[[]Publication](r)
	case "JobBookmarks":
		p.JobBookmarks = nested[[]JobBookmark](r)
	case "Interests":
		p.Interests = nested[[]Interest](r)
	case "Sports":
		p.Sports = nested[[]Named](r)
	case "InspirationalPeople":
		p.InspirationalPeople = nested[[]Named](r)
	case "Games":
		p.Games = nested[[]Work](r)
	case "TeleVisionShow":
		p.TeleVisionShow = nested[[]Work](r)
	case "Movies":
		p.Movies = nested[[]Work](r)
	case "Books":
		p.Books = nested[[]Work](r)
	case "FavoriteThings":
		p.FavoriteThings = nested[[]FavoriteThing](r)
	default:
		r.Skip()
	}
}

func (p *ProviderAccessCredential) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "AccessToken":
			p.AccessToken = secret(r)
		case "TokenSecret":
			p.TokenSecret = secret(r)
		default:
			r.Skip()
		}
	}
}

func (p *Email) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "Type", "type":
			p.Type = r.String()
		case "Value", "value":
			p.Value = r.String()
		default:
			r.Skip()
		}
	}
}

func (p *Phone) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "PhoneType":
			p.PhoneType = r.String()
		case "PhoneNumber":
			p.PhoneNumber = r.String()
		default:
			r.Skip()
		}
	}
}

func (p *Address) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "Type":
			p.Type = r.String()
		case "Address1":
			p.Address1 = r.String()
		case "Address2":
			p.Address2 = r.String()
		case "City":
			p.City = r.String()
		case "State":
			p.State = r.String()
		case "PostalCode":
			p.PostalCode = r.String()
		case "Region":
			p.Region = r.String()
		case "Country":
			p.Country = r.String()
		default:
			r.Skip()
		}
	}
}

func (p *Subscription) read(r *jsonbody.Reader) {
	if !r.Object() {
		return
	}
	for r.Next() {
		switch r.Name() {
		case "Name":
			p.Name = r.String()
		case "Space":
			p.Space = r.Text()
		case "PrivateRepos":
			p.PrivateRepos = r.Text()
		case "Collaborators":
			p.Collaborators = r.Text()
		default:
			r.Skip()
		}
	}
}
