"""Who gets what from every address of the site: one row per URL name and method, one column per role. Read by eye.

A cell has one sign for each object the address is asked about: own, another county's (or another's), none at all.

    .  200 the page               >  302 done, or refused in words      x  403 in scope, without the right
    -  404 out of scope or none   !  400, 409 or 422: form refused      L  302 to the login

Columns: sec 支部书记, clk 支部经办人, ccl 党委经办人, chd 党委负责人, ins 纪检督察, ass 考核组员, exp 专家, con 已回避的考核组员,
xpd 授权到期的考核组员, adm 活动管理员, cad 只在甲县的活动管理员, sys 系统管理员, sgr 安全管理员, aud 审计员, out 无授权, ano 未登录.
All of them but ass, exp, con and adm hold their role in 甲县 only; POST is sent with an empty form.
"""

TABLE = """
#                                             sec clk ccl chd ins ass exp con xpd adm cad sys sgr aud out ano

# Everybody's own
home                          GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
branches:login                GET  ·          >   >   >   >   >   >   >   >   >   >   >   >   >   >   >   .
branches:login                POST ·          >   >   >   >   >   >   >   >   >   >   >   >   >   >   >   .
branches:carried              GET  ·          >   >   >   >   >   >   >   >   >   >   >   >   >   >   >   L
branches:carried              POST ·          >   >   >   >   >   >   >   >   >   >   >   >   >   >   >   L
branches:logout               POST ·          >   >   >   >   >   >   >   >   >   >   >   >   >   >   >   L
branches:password             GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
branches:password             POST ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
branches:notices              GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
branches:notices_read         POST ·          >   >   >   >   >   >   >   >   >   >   >   >   >   >   >   L
branches:notice_read          POST notice     >-- >-- >-- >-- >-- >-- >-- >-- >-- >-- >-- >-- >-- >-- >-- LLL
branches:notice_settings      GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
branches:notice_settings      POST ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
branches:job                  GET  job        .-- .-- .-- .-- .-- .-- .-- .-- .-- .-- .-- .-- .-- .-- .-- LLL
branches:healthz              GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
branches:readyz               GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .

# The ledger of honours
branches:honours              GET  ·          .   .   .   .   .   x   x   x   x   .   .   x   x   x   x   L
branches:honour_new           GET  ·          .   .   x   x   x   x   x   x   x   x   x   x   x   x   x   L
branches:honour_new           POST ·          .   .   x   x   x   x   x   x   x   x   x   x   x   x   x   L
branches:honour               GET  honour     .-- .-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
branches:honour               POST honour     .-- .-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
branches:honour_delete        POST honour     >-- >-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL

# The three administrators
branches:people               GET  ·          x   x   x   x   x   x   x   x   x   x   x   .   x   x   x   L
branches:person_new           GET  ·          x   x   x   x   x   x   x   x   x   x   x   .   x   x   x   L
branches:person_new           POST ·          x   x   x   x   x   x   x   x   x   x   x   .   x   x   x   L
branches:person               GET  person     xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx .-- xxx xxx xxx LLL
branches:person               POST person     xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx .-- xxx xxx xxx LLL
branches:person_active        POST person     xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx >-- xxx xxx xxx LLL
branches:person_password      POST person     xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx .-- xxx xxx xxx LLL
branches:grants               GET  ·          x   x   x   x   x   x   x   x   x   x   x   x   .   x   x   L
branches:grant_new            GET  ·          x   x   x   x   x   x   x   x   x   x   x   x   .   x   x   L
branches:grant_new            POST ·          x   x   x   x   x   x   x   x   x   x   x   x   .   x   x   L
branches:grant_revoke         POST grant      xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx >-- xxx xxx LLL
branches:audit                GET  ·          x   x   x   x   x   x   x   x   x   x   x   x   x   .   x   L
branches:audit_verify         POST ·          x   x   x   x   x   x   x   x   x   x   x   x   x   >   x   L
branches:health               GET  ·          x   x   x   x   x   x   x   x   x   x   x   x   x   x   x   L
branches:task_run             POST ·          x   x   x   x   x   x   x   x   x   x   x   x   x   x   x   L
branches:job_retry            POST job        xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx xxx LLL
branches:term                 GET  branch     .-- .-- x-- x-- x-- xx- xx- xx- --- xx- x-- x-- x-- x-- --- LLL
branches:term                 POST branch     .-- .-- x-- x-- x-- xx- xx- xx- --- xx- x-- x-- x-- x-- --- LLL

# Campaigns: own is open, other a draft
standards:campaigns           GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
standards:campaign            GET  campaign   .-- .-- .-- .-- .-- .-- .-- .-- .-- ..- .-- .-- .-- .-- .-- LLL
standards:approval            POST campaign   x-- x-- x-- x-- x-- x-- x-- x-- x-- ..- x-- x-- x-- x-- x-- LLL
standards:close               POST campaign   x-- x-- x-- x-- x-- x-- x-- x-- x-- >>- x-- x-- x-- x-- x-- LLL
standards:campaign_new        GET  ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
standards:campaign_new        POST ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
standards:wizard              GET  setup      x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:wizard              POST setup      x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:wizard_track        GET  setup_track x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:wizard_track        POST setup_track x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:basis_file          GET  plan_file  .-- .-- .-- .-- .-- .-- .-- .-- .-- ..- .-- .-- .-- .-- .-- LLL
standards:stage_dates         GET  stage      x-- x-- x-- x-- x-- x-- x-- x-- x-- ..- x-- x-- x-- x-- x-- LLL
standards:stage_dates         POST stage      x-- x-- x-- x-- x-- x-- x-- x-- x-- ..- x-- x-- x-- x-- x-- LLL
standards:local_plan          GET  local      .-- .-- .-- .-- .-- --- --- --- --- ..- .-- --- --- --- --- LLL
standards:local_plan          POST local      x-- x-- .-- .-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
standards:local_tasks         POST local      x-- x-- .-- .-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
standards:local_file          GET  local      .-- .-- .-- .-- .-- --- --- --- --- ..- .-- --- --- --- --- LLL
standards:rubrics             GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
standards:rubric              GET  rubric     .-- .-- .-- .-- .-- .-- .-- .-- .-- ..- .-- .-- .-- .-- .-- LLL
standards:rubric_new          GET  ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
standards:rubric_new          POST ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
standards:rubric_diff         GET  rubric     .-- .-- .-- .-- .-- .-- .-- .-- .-- ..- .-- .-- .-- .-- .-- LLL
standards:rubric_diff_xlsx    GET  rubric     --- --- --- --- --- --- --- --- --- --- --- --- --- --- --- LLL
standards:rubric_template     GET  ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
standards:rubric_export       GET  rubric     .-- .-- .-- .-- .-- .-- .-- .-- .-- ..- .-- .-- .-- .-- .-- LLL
standards:rubric_import       GET  ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
standards:rubric_import       POST ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
standards:rubric_upload       GET  workbook   xxx xxx xxx xxx xxx xxx xxx xxx xxx .-- xxx xxx xxx xxx xxx LLL
standards:rubric_upload_confirm POST workbook xxx xxx xxx xxx xxx xxx xxx xxx xxx >-- xxx xxx xxx xxx xxx LLL
standards:rubric_copy         POST rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:rubric_publish      POST rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- !!- x-- x-- x-- x-- x-- LLL
standards:rubric_retire       POST rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- >>- x-- x-- x-- x-- x-- LLL
standards:rubric_delete       POST rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- >>- x-- x-- x-- x-- x-- LLL
standards:rubric_preview      GET  rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- ..- x-- x-- x-- x-- x-- LLL
standards:rubric_edit         GET  rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- ..- x-- x-- x-- x-- x-- LLL
standards:rubric_head         POST rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:points_move         GET  rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:points_move         POST rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:criterion_add       POST rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- >>- x-- x-- x-- x-- x-- LLL
standards:criterion_restore   POST rubric     x-- x-- x-- x-- x-- x-- x-- x-- x-- >>- x-- x-- x-- x-- x-- LLL
standards:criterion_edit      GET  outline    x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:criterion_edit      POST outline    x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
standards:criterion_move      POST outline    x-- x-- x-- x-- x-- x-- x-- x-- x-- >>- x-- x-- x-- x-- x-- LLL
standards:criterion_duplicate POST outline    x-- x-- x-- x-- x-- x-- x-- x-- x-- >>- x-- x-- x-- x-- x-- LLL
standards:criterion_delete    POST outline    x-- x-- x-- x-- x-- x-- x-- x-- x-- >.- x-- x-- x-- x-- x-- LLL
applications:open_campaign    POST campaign   x-- x-- x-- x-- x-- x-- x-- x-- x-- >>- x-- x-- x-- x-- x-- LLL
applications:supersede        GET  track      x-- x-- x-- x-- x-- x-- x-- x-- x-- ..- x-- x-- x-- x-- x-- LLL
applications:supersede        POST track      x-- x-- x-- x-- x-- x-- x-- x-- x-- ..- x-- x-- x-- x-- x-- LLL
applications:supersession     GET  superseded --  --  --  --  --  --  --  --  --  .-  --  --  --  --  --  LL

# Extensions: of the open and the draft campaign's track; given to 甲县's branch and to 乙县's
standards:extensions          GET  track      .-- .-- .-- .-- .-- .-- .-- .-- .-- ..- .-- .-- .-- .-- .-- LLL
standards:revoke_extension    POST extension  x-- x-- x-- x-- x-- --- --- --- --- >>- >-- --- --- --- --- LLL

# Publications: own is the city's, signed by 甲县's branch; other is 乙县's committee's
standards:publications        GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
standards:publication         GET  publication .-- .-- .-- .-- .-- .-- .-- .-- .-- ..- .-- .-- .-- .-- .-- LLL
standards:acknowledge         POST publication >-- >-- x-- x-- x-- x-- x-- x-- x-- xx- x-- x-- x-- x-- x-- LLL
standards:study               GET  publication .-- .-- x-- x-- x-- x-- x-- x-- x-- xx- x-- x-- x-- x-- x-- LLL
standards:study               POST publication .-- .-- x-- x-- x-- x-- x-- x-- x-- xx- x-- x-- x-- x-- x-- LLL
standards:remind_study        POST publication x-- x-- >-- >-- x-- x-- x-- x-- x-- >>- >-- x-- x-- x-- x-- LLL
standards:coverage_xlsx       GET  publication x-- x-- .-- .-- x-- x-- x-- x-- x-- ..- .-- x-- x-- x-- x-- LLL

# The branch
applications:list             GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
applications:join             POST join       >-- >-- x-- x-- x-- xx- xx- xx- --- xx- x-- x-- x-- x-- --- LLL
applications:detail           GET  app        .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:plan             GET  app        .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:measure          GET  measure    .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:assessment       GET  app        .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:evidence         GET  app        .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:preview          GET  app        .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:receipt          GET  app        .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:form_pdf         GET  app        .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:changes          GET  app        .-- .-- .-- .-- .-- x-- x-- --- --- ..- .-- --- --- --- --- LLL
applications:draft            GET  app        >-- >-- >-- >-- >-- >-- >-- --- --- >>- >-- --- --- --- --- LLL
applications:draft_pdf        GET  app        >-- >-- >-- >-- >-- >-- >-- --- --- >>- >-- --- --- --- --- LLL
applications:task             GET  task       .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:form             GET  app        >-- >-- >-- >-- >-- >-- >-- --- --- >>- >-- --- --- --- --- LLL
applications:evidence_view    GET  evidence   .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:evidence_file    GET  evidence   .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:evidence_thumb   GET  evidence   .-- .-- .-- .-- .-- .-- .-- --- --- ..- .-- --- --- --- --- LLL
applications:evidence_pick    GET  branch     .-- .-- .-- .-- .-- --- --- --- --- ..- .-- --- --- --- --- LLL
applications:plan             POST app        .-- .-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:file_plan        POST app        >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:measure          POST measure    .-- .-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:remark_on_plan   POST app        x-- x-- >-- >-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:task             POST task       .-- .-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:assessment       POST app        >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:save_answer      POST answer     !-- !-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:evidence         POST app        .-- .-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:caption          POST evidence   >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:cite             POST app        >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:describe         POST app        >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:discard          POST app        >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:citations        GET  file       .-- .-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:citations        POST file       >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:start_upload     POST app        !-- !-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:finish_upload    POST partial_of !-- --- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:receive_piece    POST partial    !-- --- --- --- --- --- --- --- --- --- --- --- --- --- --- LLL
applications:cancel_upload    POST partial    >-- --- --- --- --- --- --- --- --- --- --- --- --- --- --- LLL
applications:uncite           POST citation   >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:form             POST app        .-- .-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:ask_secretary    POST app        >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:submit           POST app        >-- x-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:withdraw         POST app        >-- x-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:reopen           POST app        >-- x-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL

# 自查整改: seen by the branch and those above it, not by the reviewers
applications:self_checks      GET  app        .-- .-- .-- .-- .-- x-- x-- --- --- ..- .-- --- --- --- --- LLL
applications:start_self_check POST app        >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:self_check       GET  self_check .-- .-- .-- .-- .-- --- --- --- --- ..- .-- --- --- --- --- LLL
applications:self_check       POST self_check >-- >-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:save_self_check  POST self_item  .-- .-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:finish_self_check POST self_check >-- >-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:discard_self_check POST self_check >-- >-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:rectify_gaps     POST self_check >-- >-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:copy_self_check  GET  self_check .-- .-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:copy_self_check  POST self_check .-- .-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:ledger           GET  app        .-- .-- .-- .-- .-- x-- x-- --- --- ..- .-- --- --- --- --- LLL
applications:rectify          GET  app        .-- .-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:rectify          POST app        .-- .-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:rectify_return   POST app        >-- >-- x-- x-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:rectifications   GET  ·          x   x   .   .   .   x   x   x   x   .   .   x   x   x   x   L
applications:rectification    GET  rectification .-- .-- .-- .-- .-- --- --- --- --- ..- .-- --- --- --- --- LLL
applications:rectification    POST rectification .-- .-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:finish_rectification POST rectification .-- .-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:review_rectification POST rectification .-- x-- .-- .-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:delete_rectification POST rectification >-- >-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL

# The committees
applications:progress         GET  ·          x   x   .   .   .   x   x   x   x   .   .   x   x   x   x   L
applications:remind           POST ·          x   x   >   >   x   x   x   x   x   >   >   x   x   x   x   L
applications:extend_many      GET  ·          x   x   >   >   x   x   x   x   x   >   >   x   x   x   x   L
applications:extend_many      POST ·          x   x   >   >   x   x   x   x   x   >   >   x   x   x   x   L
applications:check_list       GET  ·          x   x   .   .   x   x   x   x   x   .   .   x   x   x   x   L
applications:check            GET  app        x-- x-- .-- .-- .-- x-- x-- --- --- ..- .-- --- --- --- --- LLL
applications:check_record     GET  app        x-- x-- .-- .-- .-- x-- x-- --- --- ..- .-- --- --- --- --- LLL
applications:save_check       POST app        x-- x-- >-- >-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:return           POST app        x-- x-- !-- !-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:accept           POST app        x-- x-- !-- !-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:nominate         POST app        x-- x-- x-- >-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:forward          POST app        x-- x-- x-- >-- x-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:extend           GET  app        x-- x-- x-- x-- x-- x-- x-- --- --- ..- .-- --- --- --- --- LLL
applications:extend           POST app        x-- x-- x-- x-- x-- x-- x-- --- --- ..- .-- --- --- --- --- LLL
applications:rankings         GET  ·          x   x   .   .   x   x   x   x   x   .   .   x   x   x   x   L
applications:ranking          GET  ranking    --- --- .-- .-- --- --- --- --- --- ..- .-- --- --- --- --- LLL
applications:save_ranking     POST ranking    --- --- !-- !-- --- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:confirm_ranking  POST ranking    --- --- x-- >-- --- --- --- --- --- xx- x-- --- --- --- --- LLL

applications:ranking_sheet    GET  ranking    --- --- .-- .-- --- --- --- --- --- ..- .-- --- --- --- --- LLL
applications:recommended      GET  ·          x   x   .   .   x   x   x   x   x   .   .   x   x   x   x   L
applications:eligibility      GET  ·          x   x   .   .   x   x   x   x   x   .   .   x   x   x   x   L
applications:correct_branch   GET  branch     x-- x-- .-- .-- x-- xx- xx- xx- --- xx- x-- x-- x-- x-- --- LLL
applications:correct_branch   POST branch     x-- x-- .-- .-- x-- xx- xx- xx- --- xx- x-- x-- x-- x-- --- LLL

# The inspectors
applications:inspection       GET  ·          x   x   x   x   .   x   x   x   x   x   x   x   x   x   x   L
applications:clear            POST ·          x   x   x   x   !   x   x   x   x   x   x   x   x   x   x   L
applications:propose_veto     GET  app        x-- x-- x-- x-- .-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:propose_veto     POST app        x-- x-- x-- x-- .-- x-- x-- --- --- xx- x-- --- --- --- --- LLL
applications:vetoes           GET  ·          x   x   x   x   .   x   x   x   x   .   .   x   x   x   x   L
applications:veto             GET  veto       xxx xxx xxx xxx .-- xxx xxx xxx xxx ..- .-- xxx xxx xxx xxx LLL
applications:confirm_veto     POST veto       --- --- --- --- !-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:dismiss_veto     POST veto       --- --- --- --- !-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:unclear          GET  clearance  --- --- --- --- .-- --- --- --- --- --- --- --- --- --- --- LLL
applications:unclear          POST clearance  --- --- --- --- .-- --- --- --- --- --- --- --- --- --- --- LLL

# Appeals against last year's vetoes, filed by each branch
applications:appeal           GET  vetoed     .-- .-- .-- .-- .-- --- --- --- --- ..- .-- --- --- --- --- LLL
applications:appeal           POST vetoed     .-- x-- x-- x-- x-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:enter_appeal     GET  standing   --- --- --- --- .-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:enter_appeal     POST standing   --- --- --- --- .-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:appeal_case      GET  appeal     --- --- --- --- .-- --- --- --- --- ..- .-- --- --- --- --- LLL
applications:find_appeal      POST appeal     --- --- --- --- !-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:decide_appeal    POST appeal     --- --- --- --- !-- --- --- --- --- xx- x-- --- --- --- --- LLL
applications:send_back_appeal POST appeal     --- --- --- --- !-- --- --- --- --- xx- x-- --- --- --- --- LLL

# The reviewers: own is what was given to them, other what another panel has; for the office a final and an open sheet
reviews:queue                 GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
reviews:start_sheet           POST work       --- --- --- --- --- >-- >-- --- --- xx- --- --- --- --- --- LLL
reviews:declare_conflict      GET  work       --- --- --- --- --- .-- .-- --- --- ..- --- --- --- --- --- LLL
reviews:declare_conflict      POST work       --- --- --- --- --- .-- .-- --- --- ..- --- --- --- --- --- LLL
reviews:sheet                 GET  sheet      --- --- --- --- --- .-- .-- --- --- .x- --- --- --- --- --- LLL
reviews:sheet                 POST sheet      --- --- --- --- --- >-- >-- --- --- xx- --- --- --- --- --- LLL
reviews:save_score            POST score      --- --- --- --- --- >-- >-- --- --- xx- --- --- --- --- --- LLL
reviews:finish                POST sheet      --- --- --- --- --- !-- !-- --- --- xx- --- --- --- --- --- LLL

# Panels and presentations, run by the city office
reviews:panels                GET  ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
reviews:panel_new             GET  ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
reviews:panel_new             POST ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
reviews:panel                 GET  panel      --- --- --- --- --- x-- x-- x-- --- ..- --- --- --- --- --- LLL
reviews:assign                POST panel      --- --- --- --- --- x-- x-- x-- --- >>- --- --- --- --- --- LLL
reviews:visit_new             GET  panel      --- --- --- --- --- x-- x-- x-- --- ..- --- --- --- --- --- LLL
reviews:visit_new             POST panel      --- --- --- --- --- x-- x-- x-- --- ..- --- --- --- --- --- LLL
reviews:draw                  POST panel      --- --- --- --- --- x-- x-- x-- --- >>- --- --- --- --- --- LLL
reviews:unassign              POST work       --- --- --- --- --- x-- x-- --- --- >>- --- --- --- --- --- LLL
reviews:session               GET  session    --- --- --- --- --- --- .-- --- --- ..- --- --- --- --- --- LLL
reviews:open_slot             POST slot       --- --- --- --- --- --- x-- --- --- >>- --- --- --- --- --- LLL
reviews:close_slot            POST slot       --- --- --- --- --- --- x-- --- --- >>- --- --- --- --- --- LLL

# Results, seen by the city office alone
reviews:results               GET  ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
reviews:result                GET  result     --  --  --  --  --  --  --  --  --  .-  --  --  --  --  --  LL
reviews:decide                POST result     --  --  --  --  --  --  --  --  --  >-  --  --  --  --  --  LL
reviews:result_row            GET  row        xxx xxx xxx xxx xxx xxx xxx xxx xxx ..- xxx xxx xxx xxx xxx LLL
reviews:enter                 POST track      xxx xxx xxx xxx xxx xxx xxx xxx xxx >>- xxx xxx xxx xxx xxx LLL
reviews:freeze                POST track      xxx xxx xxx xxx xxx xxx xxx xxx xxx >>- xxx xxx xxx xxx xxx LLL
reviews:trial                 GET  track      xxx xxx xxx xxx xxx xxx xxx xxx xxx ..- xxx xxx xxx xxx xxx LLL
reviews:fill_vacancies        POST track      xxx xxx xxx xxx xxx xxx xxx xxx xxx >>- xxx xxx xxx xxx xxx LLL
reviews:publish               POST track      xxx xxx xxx xxx xxx xxx xxx xxx xxx !!- xxx xxx xxx xxx xxx LLL
reviews:approval              POST track      xxx xxx xxx xxx xxx xxx xxx xxx xxx !!- xxx xxx xxx xxx xxx LLL
reviews:name                  POST track      xxx xxx xxx xxx xxx xxx xxx xxx xxx >>- xxx xxx xxx xxx xxx LLL

# Reminders: which went out and what came of them, the campaign's own days and words
reviews:reminders             GET  ·          x   x   x   x   x   x   x   x   x   .   x   x   x   x   x   L
reviews:resend                POST ·          x   x   x   x   x   x   x   x   x   >   x   x   x   x   x   L
reviews:reminder_plan         GET  campaign   xxx xxx xxx xxx xxx xxx xxx xxx xxx ..- xxx xxx xxx xxx xxx LLL
reviews:reminder_plan         POST campaign   xxx xxx xxx xxx xxx xxx xxx xxx xxx ..- xxx xxx xxx xxx xxx LLL
reviews:reminder_switch       POST campaign   xxx xxx xxx xxx xxx xxx xxx xxx xxx >>- xxx xxx xxx xxx xxx LLL

# Public to everybody in the system
reviews:public_notice         GET  public     .-  .-  .-  .-  .-  .-  .-  .-  .-  .-  .-  .-  .-  .-  .-  LL
reviews:awards                GET  ·          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   L
"""
