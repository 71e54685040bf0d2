module github.com/accesshook/accesshook

go 1.26.0

require (
	github.com/go-json-experiment/json v1.27.2
	golang.org/x/time v0.16.0
)
