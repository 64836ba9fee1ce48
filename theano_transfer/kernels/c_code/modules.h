// What the modules begin with that Aesara compiles, in its order. Those that only some of them
// include do no harm.
#include <Python.h>
#include <iostream>
#include "aesara_mod_helper.h"
#include <math.h>
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <vector>
#include <algorithm>
