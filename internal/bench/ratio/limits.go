package main

// module is where the vendor packages are.
const module = "github.com/accesshook/accesshook/"

// A vendor is a package whose benchmarks are compared, and what its Handler may
// cost at most.
type vendor struct {
	pkg    string
	title  string
	limits costs
}

// costs are what BenchmarkHandler costs for one request.
type costs struct {
	handwritten float64 // its time ÷ that of BenchmarkHandwritten
	floor       float64 // its time ÷ that of BenchmarkFloor
	allocs      float64
	bytes       float64
}

// vendors has the limits that the project has set itself.
var vendors = []vendor{
	{"relock", "Relock", costs{handwritten: 0.38, floor: 1.6, allocs: 5, bytes: 1600}},
	{"loginradius", "LoginRadius", costs{handwritten: 0.33, floor: 0.85, allocs: 13, bytes: 9000}},
	{"unloc", "Unloc", costs{handwritten: 0.46, floor: 1.6, allocs: 4, bytes: 1400}},
	{"userlock", "UserLock", costs{handwritten: 0.60, floor: 1.8, allocs: 5, bytes: 1800}},
}
