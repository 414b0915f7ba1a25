// Package customers shows what customers notice while traffic is moved: nothing.
// Its tests resolve the public name as Route 53 answers it and pay at real servers;
// it has no code of its own.
package customers
