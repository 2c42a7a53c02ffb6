# Every third-party package and why it is here. All but LibTorch are Debian 12's (deploy/setup.sh).

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl REQUIRED)              # Status, time, strings, synchronization, flags
include(TsanAbseil)                      # makes its locks visible to the thread sanitizer
find_package(OpenSSL REQUIRED)           # SHA-256; gRPC needs it anyway
find_package(ZLIB REQUIRED)              # .nii.gz, deflated masks and DICOM prescan
find_package(LibArchive REQUIRED)        # .zip and .tar as the input of clients; client/cpp only
find_package(PNG REQUIRED)               # previews; client/picture only
# Their text: names of targets are in any script. FreeType, not Cairo with Pango: two packages instead of 46, and
# lines are drawn smooth without it. The typeface (0.7 MB) is put into the programs, so that none need be installed.
find_package(Freetype REQUIRED)
find_file(SGPSAM_FONT DejaVuSans.ttf PATHS /usr/share/fonts/truetype/dejavu REQUIRED)
find_package(Protobuf REQUIRED)          # the contract
find_package(gRPC CONFIG REQUIRED)       # the transport
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)  # metrics registry and text format
find_package(CLI11 CONFIG REQUIRED)      # command lines of sgpsam and sgpsam-model
find_package(nlohmann_json REQUIRED)     # --json output, safetensors headers
find_package(DCMTK REQUIRED)             # DICOM parsing and classic codecs; core/dicom/*.cc only
pkg_check_modules(OPENJPEG REQUIRED IMPORTED_TARGET libopenjp2)  # JPEG 2000, which DCMTK does not decode
if(SGPSAM_WITH_GATEWAY)
  # HTTP of sgpsam-gateway (Beast, headers alone): of Debian's the one whose clock runs for a request, not for a byte.
  find_package(Boost 1.81 EXACT REQUIRED)
  # The arrays of nnInteractive's protocol. Debian 12 has C-Blosc 1 alone, which cannot read them; the pinned wheel
  # carries headers and a static library. What else is in that stays inside: others bring a zstd and lz4 of their own.
  if(NOT EXISTS "${SGPSAM_BLOSC2_ROOT}/blosc2/lib/libblosc2.a")
    message(FATAL_ERROR "No C-Blosc2 in ${SGPSAM_BLOSC2_ROOT}: run deploy/setup.sh build, or configure with -DSGPSAM_WITH_GATEWAY=OFF")
  endif()
  add_library(sgpsam_blosc2 INTERFACE)
  add_library(sgpsam::blosc2 ALIAS sgpsam_blosc2)
  target_include_directories(sgpsam_blosc2 SYSTEM INTERFACE "${SGPSAM_BLOSC2_ROOT}/blosc2/include")
  target_link_libraries(sgpsam_blosc2 INTERFACE "${SGPSAM_BLOSC2_ROOT}/blosc2/lib/libblosc2.a" Threads::Threads ${CMAKE_DL_LIBS} m)
  target_link_options(sgpsam_blosc2 INTERFACE "-Wl,--exclude-libs,libblosc2.a")
endif()
if(SGPSAM_WITH_TESTS)
  find_package(GTest REQUIRED)           # tests
  find_package(benchmark REQUIRED)       # tests/bench
endif()

# LibTorch comes from the official wheel, because Debian's is old and runs on reference BLAS. Its
# include folder holds another protobuf: it goes to torch's own targets only, PRIVATE.
if(SGPSAM_WITH_TORCH)
  if(NOT EXISTS "${SGPSAM_TORCH_ROOT}/torch/lib/libtorch_cpu.so")
    message(FATAL_ERROR "No LibTorch in ${SGPSAM_TORCH_ROOT}: run deploy/setup.sh, or configure with -DSGPSAM_WITH_TORCH=OFF")
  endif()
  add_library(sgpsam_torch INTERFACE)
  add_library(sgpsam::torch ALIAS sgpsam_torch)
  target_include_directories(sgpsam_torch SYSTEM INTERFACE "${SGPSAM_TORCH_ROOT}/torch/include")
  target_link_libraries(sgpsam_torch INTERFACE
    "${SGPSAM_TORCH_ROOT}/torch/lib/libtorch_cpu.so" "${SGPSAM_TORCH_ROOT}/torch/lib/libc10.so")
  target_link_options(sgpsam_torch INTERFACE
    "-Wl,--allow-shlib-undefined" "-Wl,--disable-new-dtags" "-Wl,-rpath,${SGPSAM_TORCH_ROOT}/torch/lib")
  # CUDA's streams and graphs, for core/torch: small, and loadable on a machine without a device.
  add_library(sgpsam_torch_cuda INTERFACE)
  add_library(sgpsam::torch_cuda ALIAS sgpsam_torch_cuda)
  target_include_directories(sgpsam_torch_cuda SYSTEM INTERFACE "${SGPSAM_TORCH_ROOT}/nvidia/cu13/include")
  target_link_libraries(sgpsam_torch_cuda INTERFACE sgpsam_torch
    "${SGPSAM_TORCH_ROOT}/torch/lib/libc10_cuda.so" "${SGPSAM_TORCH_ROOT}/nvidia/cu13/lib/libcudart.so.13")
endif()
