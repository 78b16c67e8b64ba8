"""The pages of reviewing, under /reviews/."""

from django.urls import path

from reviews.views import awards, desk, panels, reminders, results, sessions, trial

app_name = "reviews"

urlpatterns = [
    # The reviewers
    path("", desk.queue, name="queue"),
    path("assignments/<int:pk>/start/", desk.start_sheet, name="start_sheet"),
    path("assignments/<int:pk>/conflict/", desk.declare_conflict, name="declare_conflict"),
    path("sheets/<int:pk>/", desk.sheet, name="sheet"),
    path("sheets/<int:pk>/scores/<int:criterion_pk>/", desk.save_score, name="save_score"),
    path("sheets/<int:pk>/finish/", desk.finish, name="finish"),
    # Panels
    path("panels/", panels.panels, name="panels"),
    path("panels/new/", panels.panel_new, name="panel_new"),
    path("panels/<int:pk>/", panels.panel, name="panel"),
    path("panels/<int:pk>/assign/", panels.assign, name="assign"),
    path("panels/<int:pk>/visits/new/", panels.visit_new, name="visit_new"),
    path("panels/<int:pk>/draw/", panels.draw, name="draw"),
    path("assignments/<int:pk>/unassign/", panels.unassign, name="unassign"),
    # The presentation
    path("sessions/<int:pk>/", sessions.session, name="session"),
    path("slots/<int:pk>/open/", sessions.open_slot, name="open_slot"),
    path("slots/<int:pk>/close/", sessions.close_slot, name="close_slot"),
    # Results
    path("results/", results.results, name="results"),
    path("results/<int:pk>/", results.result, name="result"),
    path("results/<int:pk>/decide/", results.decide, name="decide"),
    path("results/rows/<int:pk>/", results.result_row, name="result_row"),
    path("results/tracks/<int:track_pk>/enter/", results.enter, name="enter"),
    path("results/tracks/<int:track_pk>/freeze/", results.freeze, name="freeze"),
    path("results/tracks/<int:track_pk>/fill/", results.fill_vacancies, name="fill_vacancies"),
    path("results/tracks/<int:track_pk>/publish/", results.publish, name="publish"),
    path("results/tracks/<int:track_pk>/approval/", results.approval, name="approval"),
    path("results/tracks/<int:track_pk>/name/", results.name, name="name"),
    path("results/tracks/<int:track_pk>/trial/", trial.trial, name="trial"),
    # Reminders and what came of them
    path("reminders/", reminders.reminders, name="reminders"),
    path("reminders/resend/", reminders.resend, name="resend"),
    path("reminders/<int:pk>/", reminders.reminder_plan, name="reminder_plan"),
    path("reminders/<int:pk>/switch/", reminders.reminder_switch, name="reminder_switch"),
    # For everybody
    path("notices/<int:pk>/", awards.public_notice, name="public_notice"),
    path("awards/", awards.awards, name="awards"),
]
