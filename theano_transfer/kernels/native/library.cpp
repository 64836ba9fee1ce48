// All that speaks to oneDNN, whose header takes as long to read as most of this to compile; and
// what happens once, when the library is loaded.
#define OWNS_NUMPY_TABLE
#include "arrays.h"

#include "batch_norm.inc"
#include "block.inc"
#include "conversion.inc"
#include "convolution.inc"
#include "packed_filters.inc"
#include "pooling.inc"

namespace {

void* import_numpy() {
    import_array();
    return nullptr;
}

}  // namespace

// Whether oneDNN convolves in bfloat16 on this processor.
extern "C" int tt_has_bfloat16() {
    using namespace tt;
    const dims image{1, 16, 4, 4}, filters{16, 16, 3, 3}, output{1, 16, 2, 2};
    try {
        dnnl::convolution_forward::primitive_desc(
            engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
            channels_last(image, data_type::bf16), desc(filters, data_type::bf16, tag::any),
            channels_last(output, data_type::bf16), dims{1, 1}, dims{0, 0}, dims{0, 0});
        return 1;
    } catch (const dnnl::error&) {
        return 0;
    }
}

// For Python, through ctypes, with the interpreter's lock held. Returns 0, or -1 with a Python
// error set.
extern "C" int tt_initialise() {
    import_numpy();
    return PyErr_Occurred() ? -1 : 0;
}
