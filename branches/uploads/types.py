"""The list of what is taken: content types, their endings, and how the list is told to people."""

PDF, FILM = "application/pdf", "video/mp4"
PHOTOS = {"image/jpeg": ("JPEG", "jpg"), "image/png": ("PNG", "png"), "image/webp": ("WEBP", "webp")}
OFFICE = "application/vnd.openxmlformats-officedocument."
# The part every file of the kind has, by its content type and ending.
OFFICE_PARTS = {
    "word/document.xml": (f"{OFFICE}wordprocessingml.document", "docx"),
    "xl/workbook.xml": (f"{OFFICE}spreadsheetml.sheet", "xlsx"),
    "ppt/presentation.xml": (f"{OFFICE}presentationml.presentation", "pptx"),
}
ENDINGS = {
    PDF: "pdf",
    FILM: "mp4",
    **{kind: ending for kind, (_, ending) in PHOTOS.items()},
    **dict(OFFICE_PARTS.values()),
}
# Offered by the browser's file dialogue; the judgement is made here all the same.
ACCEPT = ".jpg,.jpeg,.png,.webp,.pdf,.docx,.xlsx,.pptx,.mp4"
ALLOWED = "照片（JPG、PNG、WEBP）、PDF、Word（docx）、Excel（xlsx）、PPT（pptx）、视频（mp4）"
