# What nearly every file includes, parsed once instead of 600 times: about two seconds of a processor for each
# file, fifteen where LibTorch's headers are among it. A file includes what it uses anyway: the tidy preset
# builds without (CMAKE_DISABLE_PRECOMPILE_HEADERS). Libraries and programs are compiled differently (PIC and PIE),
# so that tests have their own.
add_compile_options(-pthread)  # some packages bring it along, and GCC wants it the same in all who share
# GCC 12 forgets, in a precompiled header, that std::string is not ours, and warns of its inside (GCC bug 105329).
target_compile_options(sgpsam_warnings INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread>)

set(common
  <algorithm> <array> <cmath> <cstddef> <cstdint> <cstring> <functional> <map> <memory> <optional> <string> <utility> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/string_view.h>
  <absl/synchronization/mutex.h> <absl/time/time.h> <absl/types/span.h>)
set(tests <gmock/gmock.h> <gtest/gtest.h>)
# What is tested is built as it is served; the tests themselves, which are two thirds of all that is compiled, are not
# worth an optimiser's time.
set(SGPSAM_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)

# sgpsam_precompiled(name [PROGRAM] LIBS libs… HEADERS headers…): a target for REUSE_FROM.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/precompiled.cc" CONTENT "")
function(sgpsam_precompiled name)
  cmake_parse_arguments(arg "PROGRAM" "" "LIBS;HEADERS" ${ARGN})
  add_library(${name} OBJECT "${CMAKE_BINARY_DIR}/precompiled.cc")
  target_link_libraries(${name} PRIVATE absl::statusor absl::synchronization ${arg_LIBS} sgpsam_warnings)
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  if(arg_PROGRAM)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIE ${SGPSAM_TEST_OPTIONS})
  endif()
endfunction()

sgpsam_precompiled(sgpsam_precompiled HEADERS ${common})
if(SGPSAM_WITH_TORCH)
  sgpsam_precompiled(sgpsam_precompiled_torch LIBS sgpsam::torch HEADERS ${common} <ATen/ATen.h>)
endif()
if(SGPSAM_WITH_TESTS)
  sgpsam_precompiled(sgpsam_precompiled_tests PROGRAM LIBS GTest::gmock HEADERS ${common} ${tests})
  if(SGPSAM_WITH_TORCH)
    sgpsam_precompiled(sgpsam_precompiled_torch_tests PROGRAM LIBS sgpsam::torch GTest::gmock HEADERS ${common} <ATen/ATen.h> ${tests})
  endif()
endif()
