# ccache, where it is installed: whoever builds again, in another clone or after a change of branch, compiles only what
# differs. A compiler launcher that is given, or an empty one, wins.
find_program(SGPSAM_CCACHE ccache)
mark_as_advanced(SGPSAM_CCACHE)
if(SGPSAM_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the source folder count relative to it; precompiled headers need both settings (ccache's manual).
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}"
      "CCACHE_SLOPPINESS=pch_defines,time_macros" "${SGPSAM_CCACHE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
