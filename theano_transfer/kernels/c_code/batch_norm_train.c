#section support_code_struct

int APPLY_SPECIFIC(batch_norm_train)(PyArrayObject* images, PyArrayObject* gamma,
                                     PyArrayObject* beta, PyArrayObject* epsilon,
                                     PyArrayObject* residual, PyArrayObject** output,
                                     PyArrayObject** mean, PyArrayObject** var,
                                     PARAMS_TYPE* params) {
    return tt::normalise_train(images, gamma, beta, epsilon, residual,
                               (tt::Activation)params->activation, output, mean, var);
}
