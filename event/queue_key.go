package event

// ByUser is a Key for [QueueConfig] that keeps the events of one user of one
// endpoint in order. A user is known by ID, else by domain and name, else by
// e-mail address, else by phone number: events that name the same user in
// different ways are not kept in order. Events without a user are not either.
func ByUser(e *Event) string {
	switch u := &e.User; {
	case u.ID != "":
		return joinKey(e.Vendor, e.Source, "id", u.ID)
	case u.Name != "":
		return joinKey(e.Vendor, e.Source, "name", u.Domain, u.Name)
	case u.Email != "":
		return joinKey(e.Vendor, e.Source, "email", u.Email)
	case u.Phone != "":
		return joinKey(e.Vendor, e.Source, "phone", u.Phone)
	}
	return ""
}

// ByLock is a Key for [QueueConfig] that keeps the events of one lock of one
// endpoint in order. A lock is known by ID, else by name. Events without a lock
// are not kept in order.
func ByLock(e *Event) string {
	switch l := &e.Lock; {
	case l.ID != "":
		return joinKey(e.Vendor, e.Source, "id", l.ID)
	case l.Name != "":
		return joinKey(e.Vendor, e.Source, "name", l.Name)
	}
	return ""
}
