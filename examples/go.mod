module github.com/accesshook/accesshook/examples

go 1.26.0

require (
	github.com/accesshook/accesshook v0.0.0
	github.com/google/go-cmp v0.7.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/accesshook/accesshook => ../
