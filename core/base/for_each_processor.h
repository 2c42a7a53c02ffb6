// For functions that loop over millions of values: compiled for several generations of processors, of which
// the loader takes the best that this one runs. Where bits must not differ, the file is compiled without
// fused multiply-adds. Sanitizers cannot live with the choosing.
#ifndef SGPSAM_CORE_BASE_FOR_EACH_PROCESSOR_H_
#define SGPSAM_CORE_BASE_FOR_EACH_PROCESSOR_H_

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__clang__)
#define SGPSAM_FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SGPSAM_FOR_EACH_PROCESSOR
#endif

#endif  // SGPSAM_CORE_BASE_FOR_EACH_PROCESSOR_H_
