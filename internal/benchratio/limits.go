package main

// module is where the vendor packages are.
const module = "github.com/accesshook/accesshook/"

// A vendor is a package whose benchmarks are compared, with the most that its
// Handler may cost.
type vendor struct {
	pkg          string
	title        string
	handwritten  float64 // times of BenchmarkHandwritten
	floor        float64 // times of BenchmarkFloor
	allocsPerReq float64
}

// vendors has the limits that the project has set itself.
var vendors = []vendor{
	{"relock", "Relock", 0.50, 1.7, 12},
	{"loginradius", "LoginRadius", 0.50, 1.25, 27},
	{"unloc", "Unloc", 0.50, 2.0, 9},
	{"userlock", "UserLock", 0.60, 2.1, 8},
}
