# The few rules that every target of the project follows.

add_library(sgpsam_warnings INTERFACE)
target_compile_options(sgpsam_warnings INTERFACE -Wall -Wextra $<$<BOOL:${SGPSAM_WERROR}>:-Werror>)

# sgpsam_library(name SOURCES a.cc … [PUBLIC libs…] [PRIVATE libs…] [PRECOMPILED torch])
# One static library per folder, alias sgpsam::name; includes start at the repository's root. PRECOMPILED: more
# precompiled headers than all have (SgpsamPrecompiled.cmake).
function(sgpsam_library name)
  cmake_parse_arguments(arg "" "PRECOMPILED" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(sgpsam_${name} STATIC ${arg_SOURCES})
  add_library(sgpsam::${name} ALIAS sgpsam_${name})
  target_include_directories(sgpsam_${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
  target_link_libraries(sgpsam_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:sgpsam_warnings>)
  if(arg_PRECOMPILED)
    set(arg_PRECOMPILED "_${arg_PRECOMPILED}")
  endif()
  target_precompile_headers(sgpsam_${name} REUSE_FROM sgpsam_precompiled${arg_PRECOMPILED})
endfunction()

# sgpsam_interface(name [PUBLIC libs…]): a folder that consists of headers only.
function(sgpsam_interface name)
  cmake_parse_arguments(arg "" "" "PUBLIC" ${ARGN})
  add_library(sgpsam_${name} INTERFACE)
  add_library(sgpsam::${name} ALIAS sgpsam_${name})
  target_include_directories(sgpsam_${name} INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
  target_link_libraries(sgpsam_${name} INTERFACE ${arg_PUBLIC})
endfunction()

# sgpsam_test(name SOURCES a_test.cc … LIBS libs… [TIMEOUT seconds] [PRECOMPILED torch])
# One GoogleTest binary; ctest runs it whole, so that a slow fixture is made once.
function(sgpsam_test name)
  cmake_parse_arguments(arg "" "TIMEOUT;PRECOMPILED" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gmock GTest::gtest_main sgpsam_warnings)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE ${SGPSAM_TEST_OPTIONS})
  target_compile_definitions(${name} PRIVATE
    SGPSAM_SOURCE_DIR="${PROJECT_SOURCE_DIR}" SGPSAM_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  if(arg_PRECOMPILED)
    set(arg_PRECOMPILED "_${arg_PRECOMPILED}")
  endif()
  target_precompile_headers(${name} REUSE_FROM sgpsam_precompiled${arg_PRECOMPILED}_tests)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
    math(EXPR arg_TIMEOUT "4 * ${arg_TIMEOUT}")  # what computes takes ten times as long
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()

# sgpsam_pytest(name PATHS path… [TIMEOUT seconds])
# Python tests in the pinned environment of deploy/setup.sh; they find the programs in SGPSAM_BIN_DIR.
function(sgpsam_pytest name)
  cmake_parse_arguments(arg "" "TIMEOUT" "PATHS" ${ARGN})
  add_test(NAME ${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    COMMAND "${PROJECT_SOURCE_DIR}/build/deps/venv/bin/python" -B -m pytest -q -p no:cacheprovider -rs
      --rootdir "${PROJECT_SOURCE_DIR}" ${arg_PATHS})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} ENVIRONMENT "SGPSAM_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
endfunction()
