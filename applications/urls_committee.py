"""The pages of the committees and the discipline inspectors, under /applications/."""

from django.urls import path

from applications.views import (
    appeals,
    checking,
    committee,
    concluding,
    eligibility,
    extending,
    inspection,
    ranking,
    recommended,
    superseding,
)

committee_urls = [
    path("progress/", committee.progress, name="progress"),
    path("progress/remind/", committee.remind, name="remind"),
    path("progress/extend/", extending.extend_many, name="extend_many"),
    path("checks/", checking.check_list, name="check_list"),
    path("<int:pk>/check/", checking.check, name="check"),
    path("<int:pk>/check/save/", checking.save_check, name="save_check"),
    path("<int:pk>/check/record/", concluding.check_record, name="check_record"),
    path("<int:pk>/return/", concluding.return_, name="return"),
    path("<int:pk>/accept/", concluding.accept, name="accept"),
    path("<int:pk>/nominate/", committee.nominate, name="nominate"),
    path("<int:pk>/forward/", committee.forward, name="forward"),
    path("<int:pk>/extend/", extending.extend, name="extend"),
    # /applications/ranking/
    path("ranking/", ranking.rankings, name="rankings"),
    path("ranking/<int:track_pk>/<int:committee_pk>/", ranking.ranking, name="ranking"),
    path("ranking/<int:track_pk>/<int:committee_pk>/save/", ranking.save_ranking, name="save_ranking"),
    path("ranking/<int:track_pk>/<int:committee_pk>/confirm/", ranking.confirm_ranking, name="confirm_ranking"),
    path("ranking/<int:track_pk>/<int:committee_pk>/sheet/", recommended.ranking_sheet, name="ranking_sheet"),
    path("recommended/", recommended.recommended, name="recommended"),
    # /applications/eligibility/
    path("eligibility/", eligibility.conditions, name="eligibility"),
    path("eligibility/branches/<int:pk>/", eligibility.correct_branch, name="correct_branch"),
    # /applications/supersede/: a newer standard for a running track
    path("supersede/<int:track_pk>/", superseding.supersede, name="supersede"),
    path("supersessions/<int:pk>/", superseding.supersession, name="supersession"),
    # /applications/inspection/, /applications/vetoes/
    path("inspection/", inspection.inspection, name="inspection"),
    path("inspection/clear/", inspection.clear, name="clear"),
    path("clearances/<int:pk>/withdraw/", inspection.unclear, name="unclear"),
    path("<int:pk>/veto/", inspection.propose_veto, name="propose_veto"),
    path("vetoes/", inspection.vetoes, name="vetoes"),
    path("vetoes/<int:pk>/", inspection.veto, name="veto"),
    path("vetoes/<int:pk>/confirm/", inspection.confirm_veto, name="confirm_veto"),
    path("vetoes/<int:pk>/dismiss/", inspection.dismiss_veto, name="dismiss_veto"),
    # Appeals: /applications/<pk>/appeal/ is the branch's, /applications/appeals/ the inspectors'
    path("<int:pk>/appeal/", appeals.appeal, name="appeal"),
    path("vetoes/<int:pk>/appeal/", appeals.enter_appeal, name="enter_appeal"),
    path("appeals/<int:pk>/", appeals.appeal_case, name="appeal_case"),
    path("appeals/<int:pk>/find/", appeals.find_appeal, name="find_appeal"),
    path("appeals/<int:pk>/decide/", appeals.decide_appeal, name="decide_appeal"),
    path("appeals/<int:pk>/send-back/", appeals.send_back_appeal, name="send_back_appeal"),
]
