// What happens once, when the library is loaded.
#define OWNS_NUMPY_TABLE
#include "arrays.h"

namespace {

void* import_numpy() {
    import_array();
    return nullptr;
}

}  // namespace

// For Python, through ctypes, with the interpreter's lock held. Returns 0, or -1 with a Python
// error set.
extern "C" int tt_initialise() {
    import_numpy();
    return PyErr_Occurred() ? -1 : 0;
}
