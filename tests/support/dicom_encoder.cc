#include "tests/support/dicom_encoder.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpeg/djrploss.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>
#include <dcmtk/oflog/oflog.h>
#include <openjpeg.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace sgpsam::testing {
namespace {

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "the test builder cannot make this file: %s\n", what);
  std::abort();
}

std::unique_ptr<DcmRepresentationParameter> ParametersFor(E_TransferSyntax syntax) {
  switch (syntax) {
    case EXS_JPEGProcess14: return std::make_unique<DJ_RPLossless>(1, 0);
    case EXS_JPEGProcess14SV1: return std::make_unique<DJ_RPLossless>(1, 0);
    case EXS_JPEGProcess1:
    case EXS_JPEGProcess2_4: return std::make_unique<DJ_RPLossy>(100);
    case EXS_JPEGLSLossless: return std::make_unique<DJLSRepresentationParameter>(0, OFTrue);
    case EXS_JPEGLSLossy: return std::make_unique<DJLSRepresentationParameter>(2, OFFalse);
    default: return std::make_unique<DcmRLERepresentationParameter>();
  }
}

std::string WriteToMemory(DcmFileFormat& file, E_TransferSyntax syntax, size_t room) {
  std::vector<char> buffer(room);
  DcmOutputBufferStream stream(buffer.data(), static_cast<offile_off_t>(buffer.size()));
  file.transferInit();
  Require(file.write(stream, syntax, EET_ExplicitLength, nullptr).good(), "writing");
  file.transferEnd();
  void* begin = nullptr;
  offile_off_t size = 0;
  stream.flushBuffer(begin, size);
  return std::string(static_cast<char*>(begin), static_cast<size_t>(size));
}

// Where the OpenJPEG stream writes.
struct Sink {
  std::string bytes;
  size_t at = 0;
};

OPJ_SIZE_T Write(void* buffer, OPJ_SIZE_T size, void* user) {
  auto* sink = static_cast<Sink*>(user);
  if (sink->bytes.size() < sink->at + size) sink->bytes.resize(sink->at + size);
  std::memcpy(sink->bytes.data() + sink->at, buffer, size);
  sink->at += size;
  return size;
}

OPJ_OFF_T Skip(OPJ_OFF_T size, void* user) {
  static_cast<Sink*>(user)->at += static_cast<size_t>(size);
  return size;
}

OPJ_BOOL Seek(OPJ_OFF_T at, void* user) {
  static_cast<Sink*>(user)->at = static_cast<size_t>(at);
  return OPJ_TRUE;
}

}  // namespace

std::string TranscodeByDcmtk(const std::string& part10, const std::string& syntax) {
  static const bool registered = [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DcmRLEEncoderRegistration::registerCodecs();
    DJEncoderRegistration::registerCodecs();
    DJLSEncoderRegistration::registerCodecs();
    return true;
  }();
  Require(registered, "codecs");
  DcmInputBufferStream input;
  input.setBuffer(part10.data(), static_cast<offile_off_t>(part10.size()));
  input.setEos();
  DcmFileFormat file;
  file.transferInit();
  Require(file.read(input).good(), "reading");
  file.transferEnd();
  const E_TransferSyntax target = DcmXfer(syntax.c_str()).getXfer();
  const std::unique_ptr<DcmRepresentationParameter> parameters = ParametersFor(target);
  Require(file.getDataset()->chooseRepresentation(target, parameters.get()).good(), "encoding");
  return WriteToMemory(file, target, part10.size() * 4 + 65536);
}

std::string EncodeJpeg2000(const RawImage& image) {
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = static_cast<OPJ_UINT32>(image.columns);
  component.h = static_cast<OPJ_UINT32>(image.rows);
  component.prec = static_cast<OPJ_UINT32>(image.precision);
  component.sgnd = image.is_signed ? 1 : 0;
  opj_image_t* picture = opj_image_create(1, &component, OPJ_CLRSPC_GRAY);
  picture->x1 = component.w;
  picture->y1 = component.h;
  std::memcpy(picture->comps[0].data, image.values, sizeof(int) * component.w * component.h);
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.tcp_rates[0] = 0;
  parameters.cp_disto_alloc = 1;
  parameters.numresolution = 2;
  opj_codec_t* codec = opj_create_compress(OPJ_CODEC_J2K);
  opj_stream_t* stream = opj_stream_create(1 << 16, OPJ_FALSE);
  Sink sink;
  opj_stream_set_user_data(stream, &sink, nullptr);
  opj_stream_set_write_function(stream, Write);
  opj_stream_set_skip_function(stream, Skip);
  opj_stream_set_seek_function(stream, Seek);
  Require(opj_setup_encoder(codec, &parameters, picture) != 0 &&
              opj_start_compress(codec, picture, stream) != 0 && opj_encode(codec, stream) != 0 &&
              opj_end_compress(codec, stream) != 0,
          "JPEG 2000");
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(picture);
  return sink.bytes;
}

}  // namespace sgpsam::testing
